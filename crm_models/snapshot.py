"""The shop as of a moment, read once and looked at by every model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import pandas as pd
from sqlalchemy.engine import Engine

from crm_models.database import reading
from crm_models.features import features_at
from crm_models.history import History, read_history
from crm_models.purchase_log import PurchaseLog, read_purchases


@dataclass(frozen=True)
class ShopSnapshot:
    """What training and scoring read; each part when it is first asked for."""

    engine: Engine
    now: datetime  # the first moment that is not known, UTC without zone

    @cached_property
    def history(self) -> History:
        """Orders, service, moods and visits of every customer."""
        with reading(self.engine) as connection:
            return read_history(connection)

    @cached_property
    def purchases(self) -> PurchaseLog:
        """What was bought and kept before `now`."""
        with reading(self.engine) as connection:
            return read_purchases(connection, self.now)

    @cached_property
    def features(self) -> pd.DataFrame:
        """The table of FEATURES at `now`, one row a customer with an order; not to be changed."""
        return features_at(self.history, self.now)
