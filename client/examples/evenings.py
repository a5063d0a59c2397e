"""Lists a host's evenings, however many there are: `python evenings.py HOST:PORT EMAIL PASSWORD HOST_ID`."""

import asyncio
import sys

from matinee.booking.v1.booking_pb2 import ListAnnouncementsRequest
from matinee_client import Matinee, pages


async def main(target: str, email: str, password: str, host_id: str) -> None:
    async with Matinee(target, tls=False) as matinee:
        await matinee.sign_in(email, password)
        wanted = ListAnnouncementsRequest(filter=ListAnnouncementsRequest.Filter(author=host_id), page_size=2)
        async for page in pages(matinee.booking.ListAnnouncements, wanted):
            for evening in page.announcements:
                print(evening.title)


asyncio.run(main(*sys.argv[1:]))
