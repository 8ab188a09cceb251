"""Campaigns with a control group, and the satisfaction with each conversation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("campaign_id", sa.String(60), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(),
            nullable=False,
            comment="when the offer went out; the arms were drawn before",
        ),
        sa.Column("outcome", sa.String(20), nullable=False, comment="what it was for: order, visit"),
        sa.Column("within_days", sa.Integer(), nullable=False, comment="how long the outcome is waited for"),
        sa.PrimaryKeyConstraint("campaign_id", name="pk_campaigns"),
        comment="Offers to many customers, with a control group that got none",
    )
    op.create_table(
        "campaign_members",
        sa.Column("campaign_id", sa.String(60), nullable=False),
        sa.Column("customer_id", sa.String(60), nullable=False),
        sa.Column("treated", sa.Boolean(), nullable=False, comment="got the offer; else of the control group"),
        sa.Column(
            "propensity",
            sa.Float(),
            comment="the chance of getting it with which the arm was drawn; empty: unknown",
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.campaign_id"], name="fk_campaign_members_campaign_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_campaign_members_customer_id"),
        sa.PrimaryKeyConstraint("campaign_id", "customer_id", name="pk_campaign_members"),
    )
    op.create_index("ix_campaign_members_customer_id", "campaign_members", ["customer_id"])
    op.create_table(
        "satisfaction",
        sa.Column("conversation_id", sa.String(80), nullable=False),
        sa.Column("customer_id", sa.String(60)),
        sa.Column("score", sa.Float(), nullable=False, comment="1 to 5, of the whole conversation"),
        sa.Column("base", sa.Float(), nullable=False, comment="of a conversation without any signal"),
        sa.Column("parts", sa.JSON(), nullable=False, comment='{"signal": stars}; base and parts sum to the score'),
        sa.Column("turns", sa.JSON(), nullable=False, comment="the score after each message of the customer"),
        sa.Column("model_version", sa.String(80), nullable=False),
        sa.Column("scored_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_satisfaction_customer_id"),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_satisfaction"),
        comment="How content customers were with their conversations, estimated",
    )
    op.create_index("ix_satisfaction_customer_id", "satisfaction", ["customer_id"])


def downgrade() -> None:
    op.drop_table("satisfaction")
    op.drop_table("campaign_members")
    op.drop_table("campaigns")
