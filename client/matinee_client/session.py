"""Whose calls they are: an access token that is renewed before it ends."""

import asyncio
from time import monotonic

from matinee.auth.v1.auth_pb2 import LoginRequest, LogoutRequest, RefreshRequest, Tokens
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

SHARE = 0.9
"""Of a token's life, after which it is renewed: a call that is on its way must still arrive."""


class Session:
    """Nobody's until somebody signs in, or a token is given that is used as it is."""

    def __init__(self, auth: AuthServiceStub, token: str = "") -> None:
        self._auth = auth
        self._access = token
        self._refresh = ""
        self._ends = float("inf")
        self._renewing = asyncio.Lock()

    async def sign_in(self, email: str, password: str) -> None:
        """Calls are this person's from now on. Raises Unauthenticated if address and password do not fit."""
        self._keep(await self._auth.Login(LoginRequest(email=email, password=password)))

    async def sign_out(self) -> None:
        """Ends the session, here and at the server."""
        refresh = self._refresh
        self._access, self._refresh, self._ends = "", "", float("inf")
        if refresh:
            await self._auth.Logout(LogoutRequest(refresh_token=refresh))

    async def token(self) -> str:
        """The access token to call with; empty for nobody. Raises Unauthenticated if the session is over."""
        if self._is_stale():
            async with self._renewing:
                # Others have waited for the same; a refresh token works once.
                if self._is_stale():
                    self._keep(await self._auth.Refresh(RefreshRequest(refresh_token=self._refresh)))
        return self._access

    def _is_stale(self) -> bool:
        return bool(self._refresh) and monotonic() > self._ends

    def _keep(self, tokens: Tokens) -> None:
        self._access, self._refresh = tokens.access_token, tokens.refresh_token
        self._ends = monotonic() + SHARE * tokens.expires_in
