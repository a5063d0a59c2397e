"""Run by alembic."""

from booking_svc.schema import Base
from mesh.migrate import run

run(Base.metadata)
