"""Who does not want to meet whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from booking_svc.schema.base import Base


class Block(Base):
    """Whether a person blocks another, as ugc told last. It stays when the block is lifted, so that nothing that comes
    late renews it."""

    __tablename__ = "blocks"

    blocker_id: Mapped[UUID] = mapped_column(primary_key=True)
    blocked_id: Mapped[UUID] = mapped_column(primary_key=True)
    blocked: Mapped[bool]
    change_time: Mapped[datetime]
    """When it was decided, by ugc's clock."""

    __table_args__ = (Index("by_blocked", "blocked_id", postgresql_where=text("blocked")),)
