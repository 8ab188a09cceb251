"""Links between customers, what each source says of them, and what was imported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _links()
    _facts()
    op.create_table(
        "import_marks",
        sa.Column("kind", sa.String(length=20), nullable=False, comment="customer, order, event, made"),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column(
            "digest",
            sa.String(length=64),
            nullable=False,
            comment="of what was imported: the same again changes nothing",
        ),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_import_marks"),
        comment="What came from a file, so that importing it again is harmless",
    )


def downgrade() -> None:
    for name in ("import_marks", "profile_facts", "customer_links"):
        op.drop_table(name)


def _links() -> None:
    op.create_table(
        "customer_links",
        sa.Column("link_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("left_id", sa.String(length=60), nullable=False),
        sa.Column("right_id", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False, comment="linked, review, rejected"),
        sa.Column("method", sa.String(length=12), nullable=False, comment="rule, model, staff"),
        sa.Column("probability", sa.Float(), comment="that both are one person, by the model"),
        sa.Column("evidence", sa.JSON(), nullable=False, comment='[{"says", "weight"}], strongest first'),
        sa.Column("reason", sa.String(length=160), comment="why it waits for review, or what staff said"),
        sa.Column("decided_by", sa.String(length=60), comment="empty: the program"),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("left_id < right_id", name="pair_in_order"),
        sa.ForeignKeyConstraint(["left_id"], ["customers.customer_id"], name="fk_customer_links_left_id"),
        sa.ForeignKeyConstraint(["right_id"], ["customers.customer_id"], name="fk_customer_links_right_id"),
        sa.PrimaryKeyConstraint("link_id", name="pk_customer_links"),
        sa.UniqueConstraint("left_id", "right_id", name="uq_customer_links_left_id_right_id"),
        comment="Customers that are one person, may be, or are not; customers themselves are never merged or deleted",
    )
    op.create_index("ix_customer_links_right_id", "customer_links", ["right_id"])


def _facts() -> None:
    op.create_table(
        "profile_facts",
        sa.Column("fact_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.String(length=60), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column(
            "source", sa.String(length=80), nullable=False, comment="name of the file or system, conversation, order"
        ),
        sa.Column(
            "source_kind", sa.String(length=20), nullable=False, comment="see crm_models.view.profile.SourceKind"
        ),
        sa.Column("as_of", sa.DateTime(), nullable=False, comment="when it was true, as far as the source tells"),
        sa.Column("confidence", sa.Float(), nullable=False, comment="0 to 1"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_profile_facts_customer_id"),
        sa.PrimaryKeyConstraint("fact_id", name="pk_profile_facts"),
        sa.UniqueConstraint(
            "customer_id", "field", "value", "source", name="uq_profile_facts_customer_id_field_value_source"
        ),
        comment="What each source says of a customer; what contradicts it stays beside it",
    )
    op.create_index("ix_profile_facts_customer_id", "profile_facts", ["customer_id"])
