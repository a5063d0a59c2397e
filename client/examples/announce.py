"""Announces an evening: `python announce.py HOST:PORT EMAIL PASSWORD MOVIE_ID TIME`."""

import asyncio
import sys

from matinee.booking.v1.booking_pb2 import Alive, CreateAnnouncementRequest
from matinee_client import Matinee


async def main(target: str, email: str, password: str, movie_id: str, time: str) -> None:
    evening = CreateAnnouncementRequest(movie_id=movie_id, status=Alive, title="Cinema in the yard", tickets_count=3)
    evening.event_location = "Kreuzbergstrasse 1, Berlin"
    evening.event_time.FromJsonString(time)
    async with Matinee(target, tls=False) as matinee:
        await matinee.sign_in(email, password)
        print((await matinee.booking.CreateAnnouncement(evening)).id)


asyncio.run(main(*sys.argv[1:]))
