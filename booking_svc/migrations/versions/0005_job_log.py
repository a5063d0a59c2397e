"""The queue's log keeps troubles only: of jobs that went well it had three rows each, for ever."""

from mesh import jobs
from mesh.migrate import run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(jobs.short_log_script())


def downgrade() -> None:
    run_script(jobs.long_log_script())
