"""What became of an answer: its source was opened, staff took it back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_marks",
        sa.Column("mark_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.String(80), nullable=False),
        sa.Column("event_id", sa.String(120), comment="the answer, in messages; empty for a link that was opened"),
        sa.Column("kind", sa.String(20), nullable=False, comment="opened, taken_back"),
        sa.Column("article_id", sa.String(200), comment="whose link was opened"),
        sa.Column("because", sa.String(200), comment="why staff took it back"),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("mark_id", name="pk_answer_marks"),
        comment="What is known of an answer from outside the conversation: its source was opened, staff took it back",
    )
    op.create_index("ix_answer_marks_conversation_id", "answer_marks", ["conversation_id"])


def downgrade() -> None:
    op.drop_index("ix_answer_marks_conversation_id", "answer_marks")
    op.drop_table("answer_marks")
