"""Rules that count without telling, what people said of their tickets, storms, and notices held back."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, number = sa.String(), sa.BigInteger()
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "rule_mode",
        sa.Column("id", serial, nullable=False),
        *(sa.Column(name, text, nullable=False) for name in ("rule", "mode")),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("who", text, nullable=False),
        sa.Column("at_ms", number, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_mode")),
    )
    op.create_table(
        "ticket_label",
        sa.Column("id", serial, nullable=False),
        sa.Column("ticket", serial, nullable=False),
        *(sa.Column(name, text, nullable=False) for name in ("label", "who")),
        sa.Column("at_ms", number, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name=op.f("fk_ticket_label_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_label")),
    )
    op.create_index(op.f("ix_ticket_label_ticket"), "ticket_label", ["ticket"])
    op.create_table(
        "ticket_part",
        *(sa.Column(name, serial, nullable=False) for name in ("ticket", "whole")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name=op.f("fk_ticket_part_ticket")),
        sa.ForeignKeyConstraint(["whole"], ["ticket.id"], name=op.f("fk_ticket_part_whole")),
        sa.PrimaryKeyConstraint("ticket", name=op.f("pk_ticket_part")),
    )
    op.create_table(
        "notice_held",
        sa.Column("ticket", serial, nullable=False),
        sa.Column("person", text, nullable=False),
        sa.Column("why", text, nullable=False),
        sa.Column("held_s", number, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name=op.f("fk_notice_held_ticket")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_notice_held_person")),
        sa.PrimaryKeyConstraint("ticket", "person", name=op.f("pk_notice_held")),
    )
    op.create_table(
        "rule_learnt",
        sa.Column("meter", text, nullable=False),
        sa.Column("made_s", number, nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_rule_learnt_meter")),
        sa.PrimaryKeyConstraint("meter", name=op.f("pk_rule_learnt")),
    )
    op.create_table(
        "rule_news",
        *(sa.Column(name, text, nullable=False) for name in ("meter", "mark")),
        sa.ForeignKeyConstraint(["meter"], ["meter.id"], name=op.f("fk_rule_news_meter")),
        sa.PrimaryKeyConstraint("meter", name=op.f("pk_rule_news")),
    )
    op.add_column("evaluation", sa.Column("learnt_s", number, nullable=True))
    op.add_column("outbox", sa.Column("queued_s", number, nullable=True))
