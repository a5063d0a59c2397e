"""What an outage of PostgreSQL looks like to those who ask it."""

import asyncpg
import pytest

from mesh.database import explain
from mesh.errors import Unavailable

OUTAGES = [
    ConnectionRefusedError(),
    TimeoutError(),
    asyncpg.InterfaceError("connection is closed"),
    # A connection that dies between two steps of one statement.
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    asyncpg.AdminShutdownError("terminating connection"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
]


@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: type(error).__name__)
def test_an_outage_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable):
        explain(error)


def test_a_defect_of_a_statement_is_no_outage() -> None:
    explain(asyncpg.UndefinedTableError("no such table"))
