"""Run by alembic."""

from mesh.migrate import run
from notify_svc.schema import Base

run(Base.metadata)
