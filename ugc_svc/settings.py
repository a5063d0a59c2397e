"""What the UGC service reads from its environment."""

from mesh.settings import MeshSettings, Target


class Settings(MeshSettings):
    """Its peers, beside what all services share."""

    auth_target: Target
    """Where the auth service listens."""
    movie_target: Target
    """Where the movie service listens."""
    booking_target: Target
    """Where the booking service listens, which is told of blocks."""
