"""When an offer was answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "when it was accepted or declined; empty for answers from before this was kept"
    op.add_column("offers", sa.Column("answered_at", sa.DateTime(), comment=comment))


def downgrade() -> None:
    with op.batch_alter_table("offers") as offers:
        offers.drop_column("answered_at")
