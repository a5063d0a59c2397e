"""Run by alembic."""

from mesh.migrate import run
from ugc_svc.schema import Base

run(Base.metadata)
