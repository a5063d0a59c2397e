"""Where people are told of what: as they say, and otherwise as it is for everybody."""

from collections.abc import Mapping
from uuid import UUID

from mesh.errors import InvalidArgument
from notify_svc.kinds import ALL
from notify_svc.store.preferences import Channels, PreferenceStore

USUAL: Mapping[str, Channels] = {name: (kind.inbox, kind.email) for name, kind in ALL.items()}
NAMES = ("inbox", "email")


class Preferences:
    """Everybody's preferences."""

    def __init__(self, store: PreferenceStore) -> None:
        self.store = store

    async def get(self, user_id: UUID) -> Mapping[str, Channels]:
        """Every kind with both channels."""
        said: dict[str, Channels] = {row.kind: (row.inbox, row.email) for row in await self.store.list(user_id)}
        return {**USUAL, **said}

    async def set(self, user_id: UUID, said: Mapping[str, Channels]) -> Mapping[str, Channels]:
        """Notes what a person says, and returns all of it. Raises InvalidArgument (INVALID_FIELDS)."""
        problems = {
            f"{kind}.{name}": "cannot be switched off"
            for kind, channels in said.items()
            for name, channel in zip(NAMES, channels, strict=True)
            if channel is False and name in ALL[kind].fixed
        }
        if problems:
            raise InvalidArgument("INVALID_FIELDS", f"{', '.join(problems)} cannot be switched off", fields=problems)
        await self.store.set(user_id, said, USUAL)
        return await self.get(user_id)

    async def end_mails(self, user_id: UUID, kind: str) -> None:
        """No more mails of a kind."""
        await self.store.set(user_id, {kind: (None, False)}, USUAL)
