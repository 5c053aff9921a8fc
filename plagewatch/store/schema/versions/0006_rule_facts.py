"""What the rules are told of meters and buildings: contracted power, and works."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sa.String()
    op.add_column("meter_facts", sa.Column("contracted_kw", sa.Float(), nullable=True))
    op.create_table(
        "works",
        sa.Column("building", text, nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        *(sa.Column(name, text, nullable=False) for name in ("what", "source", "who")),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["building"], ["building.id"], name=op.f("fk_works_building")),
        sa.PrimaryKeyConstraint("building", "ended_on", "what", name=op.f("pk_works")),
    )
