"""What people enter of a building's days: opening hours, school holidays, and who marked a day."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _days()


def _days() -> None:
    """Days that were marked before hold for the whole site, as they did."""
    text, number, empty = sa.String(), sa.BigInteger(), sa.text("''")
    with op.batch_alter_table("calendar_day") as table:
        for name in ("building", "source", "who"):
            table.add_column(sa.Column(name, text, nullable=False, server_default=empty))
        table.add_column(sa.Column("at_ms", number, nullable=False, server_default=sa.text("0")))
        table.drop_constraint("pk_calendar_day", type_="primary")
        table.create_primary_key(op.f("pk_calendar_day"), ["site", "day", "kind", "building"])
    op.create_table(
        "opening_hours",
        *(sa.Column(name, text, nullable=False) for name in ("site", "building")),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("weekday", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("open_h", "close_h")),
        *(sa.Column(name, text, nullable=False) for name in ("source", "who")),
        sa.Column("at_ms", number, nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_opening_hours_site")),
        sa.PrimaryKeyConstraint("site", "building", "valid_from", "weekday", name=op.f("pk_opening_hours")),
    )
    op.create_table(
        "school_years",
        *(sa.Column(name, text, nullable=False) for name in ("site", "building")),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("community", text, nullable=True),
        *(sa.Column(name, text, nullable=False) for name in ("source", "who")),
        sa.Column("at_ms", number, nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_school_years_site")),
        sa.PrimaryKeyConstraint("site", "building", "valid_from", name=op.f("pk_school_years")),
    )
