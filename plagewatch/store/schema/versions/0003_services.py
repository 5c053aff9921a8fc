"""What several collectors and rule workers on PostgreSQL need, and where weather came from."""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
