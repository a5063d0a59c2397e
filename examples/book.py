"""Books the first evening that has a place: `python examples/book.py TOKEN [HOST:PORT]`."""

import sys

import grpc
from matinee.booking.v1 import booking_pb2, booking_pb2_grpc

metadata = (("authorization", f"Bearer {sys.argv[1]}"),)
with grpc.insecure_channel(sys.argv[2] if sys.argv[2:] else "localhost:8080") as channel:
    booking = booking_pb2_grpc.BookingServiceStub(channel)
    wanted = booking_pb2.ListAnnouncementsRequest(filter={"tickets": 1})
    evenings = booking.ListAnnouncements(wanted, metadata=metadata).announcements
    evening = next((evening for evening in evenings if evening.status == booking_pb2.Alive), None)
    if evening is None:
        sys.exit("No evening has a place now; announce one first.")
    print(booking.CreateBooking(booking_pb2.CreateBookingRequest(announcement_id=evening.id), metadata=metadata))
