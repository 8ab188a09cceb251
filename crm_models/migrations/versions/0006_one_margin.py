"""What an order earns stands in the offer policy alone."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_log = logging.getLogger(__name__)
_SHIPPED = 0.35  # `economy.margin` of the shipped policy


def upgrade() -> None:
    """A share of the shop's own is told: it has to be written where it counts now."""
    shop = sa.table("shop", sa.column("key", sa.String), sa.column("value", sa.JSON))
    connection = op.get_bind()
    told = connection.execute(sa.select(shop.c.value).where(shop.c.key == "policy")).scalar_one_or_none()
    if not isinstance(told, dict) or "margin_share" not in told:
        return
    kept = {key: value for key, value in told.items() if key != "margin_share"}
    connection.execute(sa.update(shop).where(shop.c.key == "policy").values(value=kept))
    if told["margin_share"] != _SHIPPED:
        _log.warning(
            "margin_share, %s, is no longer a term of the shop: write `economy: {margin: %s}` into policy.yml in the "
            "data folder, or %s counts.",
            told["margin_share"],
            told["margin_share"],
            _SHIPPED,
        )


def downgrade() -> None:
    """The share is one of the defaults again."""
