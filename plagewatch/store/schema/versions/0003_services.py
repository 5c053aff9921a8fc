"""What several collectors and rule workers on PostgreSQL need, and where weather came from."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _weather()


def _weather() -> None:
    text, number = sa.String(), sa.BigInteger()
    op.create_table(
        "weather_source",
        sa.Column("site", text, nullable=False),
        sa.Column("valid_from_s", number, nullable=False),
        *(sa.Column(name, text, nullable=False) for name in ("source", "station", "who")),
        sa.Column("at_ms", number, nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_weather_source_site")),
        sa.PrimaryKeyConstraint("site", "valid_from_s", name=op.f("pk_weather_source")),
    )
    op.create_table(
        "weather_fetch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        *(sa.Column(name, text, nullable=False) for name in ("site", "source", "station")),
        *(sa.Column(name, number, nullable=False) for name in ("start_s", "end_s", "fetched_ms")),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        *(sa.Column(name, text, nullable=False) for name in ("place", "model")),
        *(sa.Column(name, sa.Float(), nullable=True) for name in ("latitude", "longitude", "elevation_m")),
        sa.Column("licence", text, nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_weather_fetch_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weather_fetch")),
    )
    op.create_index("ix_weather_fetch_site_source_start_s", "weather_fetch", ["site", "source", "start_s"])
    op.create_table(
        "weather_trouble",
        sa.Column("source", text, nullable=False),
        sa.Column("at_ms", number, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("retry_ms", number, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_weather_trouble")),
    )
