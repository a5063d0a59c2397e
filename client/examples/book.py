"""Applies for a place, or says why there is none: `python book.py HOST:PORT EMAIL PASSWORD ANNOUNCEMENT_ID`."""

import asyncio
import sys

from matinee.booking.v1.booking_pb2 import CreateBookingRequest
from matinee_client import FailedPrecondition, Matinee


async def main(target: str, email: str, password: str, announcement_id: str) -> None:
    async with Matinee(target, tls=False) as matinee:
        await matinee.sign_in(email, password)
        try:
            booking = await matinee.booking.CreateBooking(CreateBookingRequest(announcement_id=announcement_id))
            print(f"{booking.movie_title}, at {booking.author_name}'s")
        except FailedPrecondition as refusal:
            print(refusal.reason)


asyncio.run(main(*sys.argv[1:]))
