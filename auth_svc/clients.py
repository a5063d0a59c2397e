"""Other teams' programs: what they may call, and how they prove who they are."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from auth_svc.claims import claims_of_client
from auth_svc.digests import digest
from auth_svc.keys import Keys
from auth_svc.store.clients import ClientStore
from mesh import access, clock, paging
from mesh.database import Row
from mesh.errors import InvalidArgument, NotFound, Unauthenticated

Made = tuple[Row, str]
"""A client and its secret."""


class Clients:
    """Clients. A secret is 256 random bits, told once, and lies in the database as its SHA-256."""

    def __init__(self, store: ClientStore, keys: Keys, *, lifetime: timedelta) -> None:
        self.store = store
        self.keys = keys
        self.lifetime = lifetime

    async def token(self, client_id: UUID, secret: str) -> str:
        """An access token for what the client was granted. Raises Unauthenticated (WRONG_CREDENTIALS)."""
        client = await self.store.find(client_id)
        known = client.secret_hash if client else b""
        if client is None or not hmac.compare_digest(known, digest(secret)):
            raise Unauthenticated("WRONG_CREDENTIALS", "no client has this id and secret")
        return await self.keys.sign(claims_of_client(client, self.lifetime))

    async def make(self, name: str, rpcs: Sequence[str], creator_id: UUID) -> Made:
        """A client that may call these. Raises InvalidArgument (INVALID_FIELDS: rpcs)."""
        grantable = access.grantable()
        if wrong := [index for index, rpc in enumerate(rpcs) if rpc not in grantable]:
            problem = f"none of those that can be granted: {', '.join(sorted(grantable))}"
            fields = {f"rpcs[{index}]": problem for index in wrong}
            raise InvalidArgument("INVALID_FIELDS", f"rpcs[{wrong[0]}]: {problem}", fields=fields)
        secret = secrets.token_urlsafe(32)
        values = {"name": name.strip(), "rpcs": sorted(rpcs), "secret_hash": digest(secret), "creator_id": creator_id}
        return await self.store.add(values, clock.real_now()), secret

    async def list(self, page_size: int, page_token: str) -> tuple[Sequence[Row], str]:
        """Clients, the oldest first, and the next page's token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
        size = paging.page_size(page_size)
        rows = await self.store.list(paging.decode_place(page_token, "clients") or paging.BEGINNING, size + 1)
        return paging.cut(rows, size, lambda last: paging.encode_place(last.create_time, last.id, "clients"))

    async def replace_secret(self, client_id: UUID) -> Made:
        """Another secret for a client. Raises NotFound (CLIENT_NOT_FOUND)."""
        secret = secrets.token_urlsafe(32)
        client = await self.store.replace_secret(client_id, digest(secret), clock.real_now())
        if client is None:
            raise NotFound("CLIENT_NOT_FOUND", "there is no such client")
        return client, secret

    async def end(self, client_id: UUID) -> None:
        """Ends a client, if there is one."""
        await self.store.end(client_id, clock.real_now())
