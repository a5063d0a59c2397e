"""What the movie service reads from its environment."""

from mesh.settings import MeshSettings, Target


class Settings(MeshSettings):
    """The variables that all services share, and the one peer."""

    auth_target: Target
    """Where the keys are that tokens are verified with."""
