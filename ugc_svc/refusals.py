"""What is refused between two people, in the same words everywhere."""

from uuid import UUID

from mesh.database import Row
from mesh.errors import FailedPrecondition


def require_another(person_id: UUID, other_id: UUID) -> None:
    """Raises FailedPrecondition (SELF_REFERENCE) for oneself."""
    if person_id == other_id:
        raise FailedPrecondition("SELF_REFERENCE", "nobody follows, befriends or blocks himself")


def require_unblocked(known: Row) -> None:
    """Takes what pairs.between() found. Raises FailedPrecondition (PERSON_BLOCKED) while the first blocks the other."""
    if known.blocks:
        raise FailedPrecondition("PERSON_BLOCKED", "the caller blocks this person; end the block first")
