"""Next best actions, experiments, choices about personal fields, and messages to customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.String(80)),
        sa.Column("customer_id", sa.String(60), nullable=False),
        sa.Column("moment", sa.String(30), nullable=False, comment="where the bot might add something"),
        sa.Column("action", sa.String(40), nullable=False, comment="what was chosen"),
        sa.Column("reason", sa.String(160), nullable=False, comment="why, as a word of the policy"),
        sa.Column("value_cents", sa.Float(), nullable=False, comment="expected of the chosen action"),
        sa.Column("cost_cents", sa.Float(), nullable=False, comment="expected; counts against the budget of its day"),
        sa.Column("propensity", sa.Float(), nullable=False, comment="the chance with which the action was chosen"),
        sa.Column(
            "alternatives",
            sa.JSON(),
            nullable=False,
            comment="every action considered, with its value or what refused it",
        ),
        sa.Column("situation", sa.JSON(), comment="what it was made from, to see what another policy would do"),
        sa.Column("policy_version", sa.String(64), nullable=False),
        sa.Column("model_versions", sa.JSON(), nullable=False),
        sa.Column("offer_id", sa.Integer()),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_decisions_customer_id"),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.offer_id"], name="fk_decisions_offer_id"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decisions"),
        comment="Each choice of a next best action, with what else could have been done",
    )
    op.create_index("ix_decisions_conversation_id", "decisions", ["conversation_id"])
    op.create_index("ix_decisions_created_at", "decisions", ["created_at"])
    op.create_index("ix_decisions_customer_id", "decisions", ["customer_id"])
    op.create_table(
        "price_quotes",
        sa.Column(
            "case_key", sa.String(160), nullable=False, comment="product line, tier and whatever else sets the price"
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("percent_off", sa.Integer(), nullable=False),
        sa.Column("curve_version", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("case_key", "day", name="pk_price_quotes"),
        comment="The discount of a case on a day: equal cases get the same one",
    )
    op.create_table(
        "experiments",
        sa.Column("experiment_id", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(20), nullable=False, comment="offer, reply, article, model"),
        sa.Column("hypothesis", sa.Text(), nullable=False),
        sa.Column("variants", sa.JSON(), nullable=False, comment='[{"name", "share", "settings"}], the control first'),
        sa.Column("layer", sa.String(40), nullable=False, comment="experiments of a layer never share a customer"),
        sa.Column("layer_from", sa.Float(), nullable=False, comment="the part of the layer it takes, 0 to 1"),
        sa.Column("layer_to", sa.Float(), nullable=False),
        sa.Column("metric", sa.String(20), nullable=False, comment="accepted, ordered, margin, complaint, churn"),
        sa.Column("within_days", sa.Integer(), nullable=False, comment="after the exposure"),
        sa.Column("level", sa.Float(), nullable=False, comment="chance of a false alarm, over all looks together"),
        sa.Column("planned_customers", sa.Integer(), nullable=False),
        sa.Column("smallest_effect", sa.Float(), nullable=False, comment="absolute, that it was planned to find"),
        sa.Column("guardrails", sa.JSON(), nullable=False, comment='[{"metric", "worse_by"}]: what stops it'),
        sa.Column("status", sa.String(12), nullable=False, comment="running, stopped"),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("stopped_at", sa.DateTime()),
        sa.Column("stopped_because", sa.String(160)),
        sa.PrimaryKeyConstraint("experiment_id", name="pk_experiments"),
    )
    op.create_table(
        "exposures",
        sa.Column("experiment_id", sa.String(60), nullable=False),
        sa.Column("customer_id", sa.String(60), nullable=False),
        sa.Column("variant", sa.String(40), nullable=False),
        sa.Column("conversation_id", sa.String(80)),
        sa.Column(
            "exposed_at", sa.DateTime(), nullable=False, comment="when it was first shown, not when it was assigned"
        ),
        sa.ForeignKeyConstraint(["experiment_id"], ["experiments.experiment_id"], name="fk_exposures_experiment_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_exposures_customer_id"),
        sa.PrimaryKeyConstraint("experiment_id", "customer_id", name="pk_exposures"),
    )
    op.create_index("ix_exposures_customer_id", "exposures", ["customer_id"])
    op.create_table(
        "experiment_looks",
        sa.Column("look_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("experiment_id", sa.String(60), nullable=False),
        sa.Column("metric", sa.String(20), nullable=False),
        sa.Column("variant", sa.String(40), nullable=False),
        sa.Column(
            "customers",
            sa.Integer(),
            nullable=False,
            comment="of the variant and of the control, whose outcome is known",
        ),
        sa.Column("effect", sa.Float(), nullable=False, comment="variant less control"),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("looked_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.experiment_id"], name="fk_experiment_looks_experiment_id"
        ),
        sa.PrimaryKeyConstraint("look_id", name="pk_experiment_looks"),
        comment="The interval over time",
    )
    op.create_index("ix_experiment_looks_experiment_id", "experiment_looks", ["experiment_id"])
    op.create_table(
        "field_choices",
        sa.Column("choice_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.String(60), nullable=False),
        sa.Column("field", sa.String(40), nullable=False, comment="see crm_models.personal_fields"),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(30), nullable=False, comment="chat, staff"),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_field_choices_customer_id"),
        sa.PrimaryKeyConstraint("choice_id", name="pk_field_choices"),
        comment="Which fields the customer lets be used; history: the newest row of a field holds",
    )
    op.create_index("ix_field_choices_customer_id", "field_choices", ["customer_id"])
    op.create_table(
        "stock_watches",
        sa.Column("watch_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.String(60), nullable=False),
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column("conversation_id", sa.String(80)),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), comment="told, or no longer wanted"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_stock_watches_customer_id"),
        sa.ForeignKeyConstraint(["item_id"], ["items.item_id"], name="fk_stock_watches_item_id"),
        sa.PrimaryKeyConstraint("watch_id", name="pk_stock_watches"),
        comment="Who wants to be told when something is back",
    )
    op.create_index("ix_stock_watches_customer_id", "stock_watches", ["customer_id"])
    op.create_index("ix_stock_watches_item_id", "stock_watches", ["item_id"])
    op.create_table(
        "notices",
        sa.Column("notice_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False, comment="see crm_models.proactive"),
        sa.Column("about", sa.String(80), nullable=False, comment="order, watch or year: one notice of a kind each"),
        sa.Column("status", sa.String(12), nullable=False, comment="due, sent, dropped"),
        sa.Column("held_because", sa.String(60), comment="of one that is due: why it was not sent when last looked at"),
        sa.Column("dropped_because", sa.String(60)),
        sa.Column("channel", sa.String(30), comment="web, mail, or a messaging channel"),
        sa.Column("conversation_id", sa.String(80)),
        sa.Column("fields", sa.JSON(), nullable=False, comment="what its sentence says"),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_notices_customer_id"),
        sa.UniqueConstraint("customer_id", "kind", "about", name="uq_notices_customer_id_kind_about"),
        sa.PrimaryKeyConstraint("notice_id", name="pk_notices"),
        comment="What the shop tells customers without being asked",
    )
    op.create_index("ix_notices_customer_id", "notices", ["customer_id"])
    op.create_index("ix_notices_status_due_at", "notices", ["status", "due_at"])
    _comment_consents("see crm_models.consents.Purpose", "shop, chat, staff, link")
    op.add_column("offers", sa.Column("credit_cents", sa.Integer(), comment="of an apology, off the next order"))
    op.add_column("offers", sa.Column("points", sa.Integer(), comment="of a perk, booked when it is accepted"))
    _comment_offers("retention, recommendation, apology, perk")
    _leave_to_the_offer_policy()


def _comment_consents(purpose: str, source: str) -> None:
    """SQLite keeps no comments."""
    if op.get_bind().dialect.supports_comments:
        for name, comment in (("purpose", purpose), ("source", source)):
            op.alter_column("consents", name, existing_type=sa.String(30), existing_nullable=False, comment=comment)


def _comment_offers(kinds: str) -> None:
    if op.get_bind().dialect.supports_comments:
        op.alter_column("offers", "kind", existing_type=sa.String(30), existing_nullable=False, comment=kinds)


def _leave_to_the_offer_policy() -> None:
    """How long an offer holds and when the next one may come no longer belongs to the shop's terms."""
    shop = sa.table("shop", sa.column("key", sa.String), sa.column("value", sa.JSON))
    connection = op.get_bind()
    told = connection.execute(sa.select(shop.c.value).where(shop.c.key == "policy")).scalar_one_or_none()
    if isinstance(told, dict):
        gone = ("retention_valid_days", "retention_cooldown_days")
        kept = {key: value for key, value in told.items() if key not in gone}
        connection.execute(sa.update(shop).where(shop.c.key == "policy").values(value=kept))


def downgrade() -> None:
    _comment_offers("retention, recommendation")
    with op.batch_alter_table("offers") as offers:
        offers.drop_column("points")
        offers.drop_column("credit_cents")
    _comment_consents("newsletter, personalisation", "shop, chat, staff")
    op.drop_table("notices")
    op.drop_table("stock_watches")
    op.drop_table("field_choices")
    op.drop_table("experiment_looks")
    op.drop_table("exposures")
    op.drop_table("experiments")
    op.drop_table("price_quotes")
    op.drop_table("decisions")
