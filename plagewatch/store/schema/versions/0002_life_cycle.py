"""Life-cycle of meters, provenance, claims and what the ledger found."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calorific_value",
        sa.Column("station", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("kwh_per_m3", sa.Float(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("station", "valid_from", name=op.f("pk_calorific_value")),
    )
    op.create_table(
        "device_memory",
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("family", "key", name=op.f("pk_device_memory")),
    )
    op.create_table(
        "import_mapping",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_import_mapping")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_table(
        "replay",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_id", sa.BigInteger(), nullable=True),
        sa.Column("last_id", sa.BigInteger(), nullable=True),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("packets", sa.BigInteger(), nullable=False),
        sa.Column("samples", sa.BigInteger(), nullable=False),
        sa.Column("done_ms", sa.BigInteger(), nullable=True),
        sa.Column("gone", sa.BigInteger(), nullable=False),
        sa.Column("complete_from_ms", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replay")),
    )
    op.create_table(
        "stored_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
    )
    op.create_table(
        "topic_route",
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("template", name=op.f("pk_topic_route")),
    )
    op.create_table(
        "building_share",
        sa.Column("building", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["building"], ["building.id"], name=op.f("fk_building_share_building")),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_building_share_organisation")),
        sa.PrimaryKeyConstraint("building", "organisation", "valid_from", name=op.f("pk_building_share")),
    )
    op.create_table(
        "delivery",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("quantity", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_delivery_meter")),
        sa.PrimaryKeyConstraint("meter", "delivered_on", "document", name=op.f("pk_delivery")),
    )
    op.create_table(
        "ledger_account",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("first_index", sa.Float(), nullable=False),
        sa.Column("last_index", sa.Float(), nullable=False),
        sa.Column("declared_steps", sa.Float(), nullable=False),
        sa.Column("booked", sa.Float(), nullable=False),
        sa.Column("quarantined", sa.Float(), nullable=False),
        sa.Column("balanced", sa.Boolean(), nullable=False),
        sa.Column("checked_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_ledger_account_meter")),
        sa.PrimaryKeyConstraint("meter", "register", name=op.f("pk_ledger_account")),
    )
    op.create_table(
        "ledger_finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_ledger_finding_meter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_finding")),
    )
    with op.batch_alter_table("ledger_finding", recreate="never") as batch_op:
        batch_op.create_index(
            "ix_ledger_finding_meter_register_from_ms", ["meter", "register", "from_ms"], unique=False
        )

    op.create_table(
        "manual_reading",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("photo", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("entered_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_manual_reading_meter")),
        sa.PrimaryKeyConstraint("meter", "register", "at_ms", "value", name=op.f("pk_manual_reading")),
    )
    op.create_table(
        "register_usual",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("usual_s", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_register_usual_meter")),
        sa.PrimaryKeyConstraint("meter", "register", name=op.f("pk_register_usual")),
    )
    op.create_table(
        "serial_seen",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_serial_seen_meter")),
        sa.PrimaryKeyConstraint("meter", "register", "at_ms", name=op.f("pk_serial_seen")),
    )
    op.create_table(
        "sub_meter",
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("sub", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["head"], ["meter.id"], name=op.f("fk_sub_meter_head")),
        sa.ForeignKeyConstraint(["sub"], ["meter.id"], name=op.f("fk_sub_meter_sub")),
        sa.PrimaryKeyConstraint("head", "sub", "valid_from", name=op.f("pk_sub_meter")),
    )
    op.create_table(
        "swap_dismissed",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("said_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_swap_dismissed_meter")),
        sa.PrimaryKeyConstraint("meter", "register", "at_ms", name=op.f("pk_swap_dismissed")),
    )
    op.create_table(
        "virtual_formula",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger(), nullable=False),
        sa.Column("formula", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_virtual_formula_meter")),
        sa.PrimaryKeyConstraint("meter", "valid_from_ms", name=op.f("pk_virtual_formula")),
    )
    op.create_table(
        "withdrawal",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_withdrawal_meter")),
        sa.PrimaryKeyConstraint("meter", "register", "source", "from_ms", name=op.f("pk_withdrawal")),
    )
    with op.batch_alter_table("withdrawal") as batch_op:
        batch_op.create_index(batch_op.f("ix_withdrawal_device"), ["device"], unique=False)
    with op.batch_alter_table("audit", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("subject", sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("before", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("after", sa.JSON(), nullable=True))
        batch_op.create_index(batch_op.f("ix_audit_subject"), ["subject"], unique=False)

    with op.batch_alter_table("binding", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("as_register", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("unit", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("to_ms", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("meter", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("gas_station", sa.String(), server_default=sa.text("''"), nullable=False))

    with op.batch_alter_table("meter_facts", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("max_flow_m3h", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("pulse_weight", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("unit", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("tank_l", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("source", sa.String(), server_default=sa.text("''"), nullable=False))

    with op.batch_alter_table("quarantine_count", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("first_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False))

    with op.batch_alter_table("swap", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("who", sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("photo", sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False))
