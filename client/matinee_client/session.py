"""Whose calls they are: an access token that is renewed before it ends."""

import asyncio
from time import monotonic

from matinee.auth.v1.auth_pb2 import LoginRequest, LogoutRequest, RefreshRequest, Tokens
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

from matinee_client.errors import DeadlineExceeded, Unavailable

PATIENCE = 5.0
"""Seconds after which a renewal is tried again when nobody answered."""
SHARE = 0.9
"""Of a token's life, after which it is renewed: a call that is on its way must still arrive."""


class Session:
    """Nobody's until somebody signs in, or a token is given that is used as it is."""

    def __init__(self, auth: AuthServiceStub, token: str = "") -> None:
        self._auth = auth
        self._access = token
        self._refresh = ""
        self._stale = float("inf")
        self._renewing = asyncio.Lock()

    async def sign_in(self, email: str, password: str) -> None:
        """Calls are this person's from now on. Raises Unauthenticated if address and password do not fit."""
        self._keep(await self._auth.Login(LoginRequest(email=email, password=password)))

    async def sign_out(self) -> None:
        """Ends the session, here and at the server."""
        refresh = self._refresh
        self._access, self._refresh, self._stale = "", "", float("inf")
        if refresh:
            await self._auth.Logout(LogoutRequest(refresh_token=refresh))

    async def token(self) -> str:
        """The access token to call with; empty for nobody. Raises Unauthenticated if the session is over."""
        if self._is_stale():
            async with self._renewing:
                # Others have waited for the same; a refresh token works once.
                if self._is_stale():
                    await self._renew()
        return self._access

    async def _renew(self) -> None:
        try:
            self._keep(await self._auth.Refresh(RefreshRequest(refresh_token=self._refresh)))
        except (Unavailable, DeadlineExceeded):
            # The token that there is may be good for a while yet: the server says so when it is not.
            self._stale = monotonic() + PATIENCE

    def _is_stale(self) -> bool:
        return bool(self._refresh) and monotonic() > self._stale

    def _keep(self, tokens: Tokens) -> None:
        self._access, self._refresh = tokens.access_token, tokens.refresh_token
        self._stale = monotonic() + SHARE * tokens.expires_in
