"""Imports every stub of the contract, so that reflection can describe all of it on every port."""

from matinee.auth.v1 import auth_pb2, client_pb2
from matinee.booking.v1 import block_pb2, booking_pb2, rating_pb2
from matinee.common.v1 import error_reason_pb2
from matinee.link.v1 import link_pb2
from matinee.movie.v1 import movie_pb2
from matinee.notify.v1 import notify_pb2
from matinee.ugc.v1 import people_pb2, ugc_pb2

FILES = (
    auth_pb2.DESCRIPTOR,
    client_pb2.DESCRIPTOR,
    block_pb2.DESCRIPTOR,
    booking_pb2.DESCRIPTOR,
    rating_pb2.DESCRIPTOR,
    error_reason_pb2.DESCRIPTOR,
    link_pb2.DESCRIPTOR,
    movie_pb2.DESCRIPTOR,
    notify_pb2.DESCRIPTOR,
    people_pb2.DESCRIPTOR,
    ugc_pb2.DESCRIPTOR,
)
SERVICES = tuple(service.full_name for file in FILES for service in file.services_by_name.values())
"""Full names of the contract's services."""
MEMBERS = frozenset({"auth", "booking", "movie", "notify", "ugc"})
"""The services by the names in their certificates. Others of the mesh, such as the edge, are none."""
