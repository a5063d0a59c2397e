"""Run by alembic."""

from mesh.migrate import run
from movie_svc.schema import Base

run(Base.metadata)
