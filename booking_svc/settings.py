"""What the booking service reads from its environment."""

from mesh.settings import MeshSettings, Target


class Settings(MeshSettings):
    """The variables that all services share, and the peers."""

    auth_target: Target
    """Who people are."""
    movie_target: Target
    """The catalogue."""
    ugc_target: Target
    """Who follows whom."""
    notify_target: Target
    """Where people are told."""
