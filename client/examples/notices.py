"""Prints the first notice that comes from now on: `python notices.py HOST:PORT EMAIL PASSWORD`."""

import asyncio
import sys

from matinee.notify.v1.notify_pb2 import StreamNoticesRequest
from matinee_client import Matinee


async def main(target: str, email: str, password: str) -> None:
    async with Matinee(target, tls=False) as matinee:
        await matinee.sign_in(email, password)
        async for notice in matinee.notify.StreamNotices(StreamNoticesRequest()):
            if notice.id:
                print(notice.title)
                break
            print("listening", flush=True)


asyncio.run(main(*sys.argv[1:]))
