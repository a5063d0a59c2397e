"""Makes another signing key before its time: `python -m auth_svc.rotate [--withdraw]`.

It is published now and signs a little later, when everybody has it; what was signed before stays good, and no request
fails. With --withdraw it signs at once and all others are forgotten: for a key that was stolen. Whoever is signed in
refreshes then, and for half a minute the edge may refuse new tokens.
"""

import argparse
import asyncio
import sys

from auth_svc.keys import keys_in
from auth_svc.settings import TokenSettings
from mesh.database import Database
from mesh.errors import MeshError


async def rotate(settings: TokenSettings, *, withdraw: bool) -> str:
    """Does it, and says what was done. Raises MeshError."""
    database = Database(settings, "rotate")
    try:
        keys = keys_in(database, settings)
        if withdraw:
            await keys.withdraw()
            return "a new key signs; what the others signed is refused within half a minute"
        return f"a new key is published; it signs from {await keys.rotate():%H:%M:%S} UTC on"
    finally:
        await database.close()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m auth_svc.rotate", description="Makes another signing key.")
    parser.add_argument("--withdraw", action="store_true", help="forget all others at once")
    withdraw = parser.parse_args().withdraw
    try:
        done = asyncio.run(rotate(TokenSettings.read(), withdraw=withdraw))
    except MeshError as error:
        raise SystemExit(f"cannot make a key: {error.message}") from None
    sys.stdout.write(done + "\n")


if __name__ == "__main__":
    main()
