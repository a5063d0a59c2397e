"""Prints tokens of the sample people: `python -m auth_svc.tokens [--as ROLE]`.

One JSON object with everybody's id and access token, or one person's token alone. Good for 24 hours, in local mode
only: elsewhere nobody gets a token without signing in.
"""

import argparse
import asyncio
import json
import sys
from uuid import UUID

from auth_svc.claims import claims_of
from auth_svc.keys import LONGEST_TOKEN, keys_in
from auth_svc.settings import TokenSettings
from auth_svc.store.users import UserStore
from mesh.database import Database
from mesh.errors import MeshError

LIFETIME = LONGEST_TOKEN
PEOPLE = {
    "user": UUID("f55291b9-c09d-405b-b025-36f26c887905"),
    "sudo": UUID("a5a8f573-3cee-4ccc-8a2b-91cb9f55250a"),
    "author": UUID("50760ee6-2073-445d-ad25-f665937f3b33"),
    "guest_1": UUID("39e60237-83ea-4c65-9bc9-f6b47d109738"),
    "guest_2": UUID("d0c5635c-3211-4cf8-94ab-cbe6800771c4"),
}
"""The sample people by role, in the order in which they are printed."""


async def tokens(settings: TokenSettings) -> dict[str, str]:
    """Access tokens by role. Raises MeshError, SystemExit if somebody is not in the database."""
    database = Database(settings, "tokens")
    try:
        keys = keys_in(database, settings)
        users = {user.id: user for user in await UserStore(database).list(PEOPLE.values())}
        if missing := [role for role, user_id in PEOPLE.items() if user_id not in users]:
            raise SystemExit(f"not in the database: {', '.join(missing)}; load the sample data (make up does)")
        return {role: await keys.sign(claims_of(users[user_id], LIFETIME)) for role, user_id in PEOPLE.items()}
    finally:
        await database.close()


def everybody(found: dict[str, str]) -> dict[str, str]:
    """Ids and tokens under the names that clients look for."""
    named: dict[str, str] = {}
    for role, token in found.items():
        named |= {role: str(PEOPLE[role]), f"{role}_access_token": token}
    return named


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m auth_svc.tokens", description="Prints sample people's tokens.")
    parser.add_argument("--as", dest="role", choices=PEOPLE, help="print this one's token alone")
    role = parser.parse_args().role
    settings = TokenSettings.read()
    if not settings.local_mode:
        raise SystemExit("setting LOCAL_MODE: must be true; tokens are printed on a developer's machine only")
    try:
        found = asyncio.run(tokens(settings))
    except MeshError as error:
        raise SystemExit(f"cannot make tokens: {error.message}") from None
    sys.stdout.write((found[role] if role else json.dumps(everybody(found), indent=2)) + "\n")


if __name__ == "__main__":
    main()
