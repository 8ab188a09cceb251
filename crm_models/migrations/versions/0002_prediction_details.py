"""What else is told with a score: its interval, its parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("predictions") as table:
        table.add_column(sa.Column("details", sa.JSON(), comment="what else is told with the score: interval, parts"))


def downgrade() -> None:
    with op.batch_alter_table("predictions") as table:
        table.drop_column("details")
