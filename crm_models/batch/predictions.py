"""Scores in the table `predictions`, where profile, offers and staff read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import delete
from sqlalchemy.engine import Engine

from crm_models.batch.chunk import COLUMNS
from crm_models.tables import predictions

# Reasons and details are JSON already, and need not be read and written again.
_AS_TEXT = sa.table(
    "predictions",
    *(sa.column(name, sa.Float if name == "value" else sa.String) for name in COLUMNS),
    sa.column("scored_at", sa.DateTime),
)
_ROWS = 10_000  # of an insert


def replace_predictions(
    engine: Engine, models: Sequence[str], scores: Iterable[pd.DataFrame], scored_at: datetime
) -> None:
    """Put the scores in the place of all earlier ones of these models: all of them or none.

    Args:
        models: whose scores are replaced, also by nothing.
        scores: frames as `score_chunk` gives them.
    """
    with engine.begin() as connection:
        connection.execute(delete(predictions).where(predictions.c.model.in_(list(models))))
        for frame in scores:
            frame = frame.assign(scored_at=scored_at.replace(tzinfo=None)).astype(object)
            rows = frame.where(frame.notna(), None).to_dict("records")
            for start in range(0, len(rows), _ROWS):
                connection.execute(_AS_TEXT.insert(), rows[start : start + _ROWS])
