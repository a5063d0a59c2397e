"""Tools of other makers from npm, installed as their locks say."""

import subprocess
from pathlib import Path

from filelock import FileLock

TESTS = Path(__file__).parent


def installed(name: str, package: str, *flags: str) -> Path:
    """The folder of tests with the tools, among which is a package; installs them once for all workers."""
    folder = TESTS / name
    with FileLock(folder / ".lock"):
        if not (folder / "node_modules" / package).exists():
            npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", *flags]
            subprocess.run(npm, cwd=folder, check=True, capture_output=True)
    return folder
