"""The one error this package shows to people: what is wrong, and what to do next."""


class MeshError(Exception):
    """Something a person has to know; printed without a traceback."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message
