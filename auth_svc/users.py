"""Accounts."""

from collections.abc import Collection, Sequence
from datetime import date
from email.errors import MessageError
from email.headerregistry import Address
from itertools import compress
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from auth_svc.guard import Guard, by_address
from auth_svc.notices import Notices
from auth_svc.passwords import Passwords
from auth_svc.store.users import UserStore
from mesh import clock, idempotency
from mesh.database import Database, Row
from mesh.errors import InvalidArgument, Unauthenticated

WORDS = ("email", "name", "last_name", "phone_number", "telegram_name", "gender", "country")


class Users:
    """Users, and what an account must be like."""

    def __init__(
        self, database: Database, store: UserStore, passwords: Passwords, guard: Guard, notices: Notices
    ) -> None:
        self.database = database
        self.store = store
        self.passwords = passwords
        self.guard = guard
        self.notices = notices

    async def register(self, password: str, given: dict[str, str]) -> Row:
        """Opens an account, which claims its address until that is verified; whoever else has it.

        Raises InvalidArgument (INVALID_FIELDS: email, time_zone, birthday), ResourceExhausted (TOO_MANY_ATTEMPTS,
        TOO_BUSY).
        """
        check_mailable(given["email"].strip())
        await self.guard.register()
        is_told = await self.guard.may_mail(given["email"])
        time_zone = checked_time_zone(given["time_zone"])
        values = {
            **{word: given[word].strip() for word in WORDS},
            "time_zone": time_zone,
            "birthday": checked_birthday(given["birthday"], time_zone),
            "language": given["language"] or "en",
            "password_hash": await self.passwords.hash(password, await self.salted(given["email"])),
        }
        async with idempotency.claiming(self.database) as connection:
            user = await self.store.add(connection, values, clock.now())
            if is_told:
                await self.notices.tell(connection, "registered", user.id)
        return user

    async def has_password(self, user_id: UUID, password: str) -> bool:
        """Whether this is the user's password. Raises NotFound (USER_NOT_FOUND)."""
        stored = (await self.store.get(user_id)).password_hash
        return stored is not None and await self.passwords.matches(password, [stored]) == [True]

    async def salted(self, email: str) -> str | None:
        """A hash of those who claim an address."""
        found = await self.store.list_claimants(email.strip())
        return next((user.password_hash for user in found if user.password_hash), None)

    async def authenticate(self, email: str, password: str) -> Row:
        """The user who has both: whose address it is, or else the first of those who claim it.

        Raises Unauthenticated (WRONG_CREDENTIALS), ResourceExhausted (TOO_MANY_ATTEMPTS, TOO_BUSY).
        """
        async with self.guard.guessing(by_address(email)):
            user = await self.who_knows(password, await self.store.list_claimants(email))
        if self.passwords.is_outdated(user.password_hash):
            await self.store.rehash(
                user.id, user.password_hash, await self.passwords.hash(password, user.password_hash)
            )
            return await self.store.get(user.id)
        return user

    async def who_knows(self, password: str, users: Sequence[Row]) -> Row:
        """The first one whose password this is. Raises Unauthenticated (WRONG_CREDENTIALS)."""
        known = [user for user in users if user.password_hash]
        right = await self.passwords.matches(password, [user.password_hash for user in known])
        if user := next(compress(known, right), None):
            return user
        raise Unauthenticated("WRONG_CREDENTIALS", "no account has this e-mail address and password")

    async def update(self, user_id: UUID, given: dict[str, str]) -> Row:
        """The user, after his profile has changed in the given fields.

        Raises InvalidArgument (INVALID_FIELDS: time_zone, birthday), NotFound (USER_NOT_FOUND).
        """
        changes: dict[str, Any] = {field: value.strip() for field, value in given.items()}
        if "time_zone" in changes:
            changes["time_zone"] = checked_time_zone(changes["time_zone"])
        if "birthday" in changes:
            zone = changes.get("time_zone") or (await self.store.get(user_id)).time_zone
            changes["birthday"] = checked_birthday(changes["birthday"], zone)
        return await self.store.update(user_id, changes)

    async def get(self, user_id: UUID) -> Row:
        """A user. Raises NotFound (USER_NOT_FOUND)."""
        return await self.store.get(user_id)

    async def get_many(self, ids: Collection[UUID]) -> Sequence[Row]:
        """Those of the users that exist, in no order."""
        return await self.store.list(ids)


def check_mailable(email: str) -> None:
    """Raises InvalidArgument (INVALID_FIELDS) for what no mail can be sent to, as two dots in a row."""
    try:
        Address(addr_spec=email)
    except (ValueError, MessageError):
        raise invalid("email", "no mail can be sent to this address") from None


def checked_time_zone(name: str) -> str:
    """The IANA name, UTC if it is empty. Raises InvalidArgument (INVALID_FIELDS)."""
    if name and name not in clock.TIME_ZONES:
        raise invalid("time_zone", "not an IANA time zone such as Europe/Berlin")
    return name or "UTC"


def checked_birthday(day: str, time_zone: str) -> date | None:
    """The day, None if it is empty; it must have come already where the person is. Raises as checked_time_zone()."""
    if not day:
        return None
    try:
        birthday = date.fromisoformat(day)
    except ValueError:
        raise invalid("birthday", "there is no such day") from None
    if birthday >= clock.now().astimezone(ZoneInfo(time_zone)).date():
        raise invalid("birthday", "not in the past")
    return birthday


def invalid(field: str, problem: str) -> InvalidArgument:
    """A refusal that names the field."""
    return InvalidArgument("INVALID_FIELDS", f"{field}: {problem}", fields={field: problem})
