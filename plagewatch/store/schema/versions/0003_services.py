"""What several collectors and rule workers on PostgreSQL need, and where weather came from."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _quarantine_by_spool()
    _replays_by_spool()
    _weather()
    _evaluations()
    _ledger_tails()
    _moves()


def _quarantine_by_spool() -> None:
    """What stands there came into the one spool there was; its file goes on under the empty name."""
    empty = sa.text("''")
    op.create_table(
        "spool",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("gone_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_spool")),
    )
    with op.batch_alter_table("quarantine") as table:
        table.add_column(sa.Column("spool", sa.String(), nullable=False, server_default=empty))
        table.drop_constraint("uq_quarantine_spool_id_device_reason_detail", type_="unique")
        table.create_unique_constraint(
            op.f("uq_quarantine_spool_spool_id_device_reason_detail"),
            ["spool", "spool_id", "device", "reason", "detail"],
        )
    with op.batch_alter_table("quarantine_count") as table:
        table.add_column(sa.Column("spool", sa.String(), nullable=False, server_default=empty))
        table.drop_constraint("pk_quarantine_count", type_="primary")
        table.create_primary_key(op.f("pk_quarantine_count"), ["device", "reason", "spool"])


_OF_PART = ("next_id", "last_id", "counted", "packets", "samples", "done_ms", "gone", "complete_from_ms", "trouble")


def _replays_by_spool() -> None:
    number, numbers = sa.BigInteger(), ("counted", "packets", "samples", "gone")
    columns = ", ".join(_OF_PART)
    # Aside first: SQLite makes an altered table anew, which it refuses while rows of another point to it.
    op.execute(
        f"CREATE TABLE replay_before AS SELECT id AS replay, '' AS spool, {columns} FROM replay "
        "WHERE next_id IS NOT NULL AND last_id IS NOT NULL"
    )
    op.execute("UPDATE replay SET trouble = ''")
    with op.batch_alter_table("replay") as table:
        for name in ("next_id", "last_id", *numbers, "complete_from_ms"):
            table.drop_column(name)
        table.add_column(sa.Column("until_ms", number, nullable=True))
    op.create_table(
        "replay_part",
        sa.Column("replay", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("spool", sa.String(), nullable=False),
        sa.Column("next_id", number, nullable=False),
        sa.Column("last_id", number, nullable=False),
        *(sa.Column(name, number, nullable=False) for name in numbers),
        sa.Column("done_ms", number, nullable=True),
        sa.Column("complete_from_ms", number, nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["replay"], ["replay.id"], name=op.f("fk_replay_part_replay")),
        sa.PrimaryKeyConstraint("replay", "spool", name=op.f("pk_replay_part")),
    )
    op.execute(f"INSERT INTO replay_part (replay, spool, {columns}) SELECT replay, spool, {columns} FROM replay_before")
    op.drop_table("replay_before")


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


def _evaluations() -> None:
    """How far the rules had come was one mark for all sites."""
    op.create_table(
        "evaluation",
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("looked_s", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["unit"], ["site.id"], name=op.f("fk_evaluation_unit")),
        sa.PrimaryKeyConstraint("unit", name=op.f("pk_evaluation")),
    )
    op.execute(
        "INSERT INTO evaluation (unit, looked_s) "
        "SELECT site.id, progress_mark.value FROM site, progress_mark WHERE progress_mark.job = 'rules'"
    )


def _ledger_tails() -> None:
    op.create_table(
        "ledger_tail",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("tail", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_ledger_tail_meter")),
        sa.PrimaryKeyConstraint("meter", name=op.f("pk_ledger_tail")),
    )


def _moves() -> None:
    text, number = sa.String(), sa.BigInteger()
    op.create_table(
        "store_move",
        *(sa.Column(name, text, nullable=False) for name in ("id", "source", "target", "halves")),
        sa.Column("began_ms", number, nullable=False),
        sa.Column("done_ms", number, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_move")),
    )
    op.create_table(
        "store_move_step",
        *(sa.Column(name, text, nullable=False) for name in ("move", "step")),
        sa.Column("upto", sa.JSON(), nullable=False),
        sa.Column("number", number, nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["move"], ["store_move.id"], name=op.f("fk_store_move_step_move")),
        sa.PrimaryKeyConstraint("move", "step", name=op.f("pk_store_move_step")),
    )
