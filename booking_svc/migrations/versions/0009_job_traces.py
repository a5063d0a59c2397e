"""Jobs keep the trace that they belong to."""

from mesh import jobs
from mesh.migrate import run_script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(jobs.enqueue_script(traced=True))


def downgrade() -> None:
    run_script(jobs.enqueue_script(traced=False))
