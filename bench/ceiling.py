"""The service of the ceilings: `python -m bench.ceiling`. Everything around an RPC, and nothing inside."""

from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp
from matinee.auth.v1 import auth_pb2
from matinee.bench.v1 import ceiling_pb2
from matinee.bench.v1.ceiling_pb2_grpc import CeilingServiceServicer
from matinee.booking.v1 import booking_pb2

from mesh.channel import connect
from mesh.interceptors import Context
from mesh.keys import keys_of
from mesh.server import Process, Served, run
from mesh.settings import ProcessSettings, Target
from mesh.verifier import Verifier

ROWS = 20


class Settings(ProcessSettings):
    """The variables that all services share, and who has the keys."""

    auth_target: Target


class CeilingServicer(CeilingServiceServicer):
    """One method per RPC, in the proto's order."""

    def __init__(self) -> None:
        self.prebuilt = booking_pb2.ListAnnouncementsResponse(announcements=[row(number) for number in range(ROWS)])

    async def Nothing(self, request: Empty, context: Context) -> Empty:
        return Empty()

    async def Anybody(self, request: Empty, context: Context) -> Empty:
        return Empty()

    async def Prebuilt(self, request: Empty, context: Context) -> booking_pb2.ListAnnouncementsResponse:
        return self.prebuilt


def row(number: int) -> booking_pb2.Announcement:
    """A row as long as those of the list that it is compared with."""
    moment = Timestamp()
    moment.FromDatetime(datetime(2030, 1, 1, 19, 0, tzinfo=UTC))
    return booking_pb2.Announcement(
        id=str(UUID(int=number)),
        title=f"Evening {number} of the bench",
        author_id=str(UUID(int=number)),
        tickets_count=1000,
        event_time=moment,
        event_location="Kino Krokodil, Greifenhagener Str. 32, Berlin",
        duration=104,
        movie_id=str(UUID(int=number)),
        status=booking_pb2.Alive,
        tickets_left=1000,
        time_zone="Europe/Berlin",
    )


async def build(settings: Settings) -> Process:
    """Everything once, by hand, top to bottom."""
    auth = connect(settings, "auth", settings.auth_target, auth_pb2.DESCRIPTOR.services_by_name["AuthService"])
    verifier = Verifier(keys_of(auth), issuer=settings.token_issuer, audience=settings.token_audience)
    served = Served(ceiling_pb2.DESCRIPTOR.services_by_name["CeilingService"], CeilingServicer())
    return Process(settings=settings, verifier=verifier, served=[served], close=[auth.close])


def main() -> None:
    """Runs the service until it is told to stop."""
    settings = Settings.read()
    run("bench", settings, lambda: build(settings))


if __name__ == "__main__":
    main()
