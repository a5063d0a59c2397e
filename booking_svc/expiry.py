"""What happens by itself when an evening begins: whoever was not decided on is free to go elsewhere."""

from booking_svc.store.expiry import expire
from mesh import clock
from mesh.database import Database

EVENINGS = 50
"""Most evenings that are dealt with in one transaction."""


class Expiry:
    """The sweep for bookings that nobody decided in time."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def sweep(self) -> None:
        """Expires pending and waiting bookings of evenings that have begun. Several processes may sweep at once."""
        found = EVENINGS
        while found == EVENINGS:
            async with self.database.transaction() as connection:
                found = await expire(connection, clock.now(), EVENINGS)
