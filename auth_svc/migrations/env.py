"""Run by alembic."""

from auth_svc.schema import Base
from mesh.migrate import run

run(Base.metadata)
