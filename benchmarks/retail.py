"""Reader of Online Retail: 541,909 invoice lines of a wholesaler of gifts, December 2010 to December 2011 (UCI)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd

from benchmarks.errors import MissingData

HALF = datetime(2011, 6, 6)  # half of the days are before, half after
END = datetime(2011, 12, 10)


def read_purchases(data: Path) -> pd.DataFrame:
    """Lines whose customer is known: `customer_id`, `date` (datetime) and `amount` in pounds, negative for returns.

    Raises:
        MissingData: the file is not in `data`.
    """
    path = data / "online_retail_uci" / "onlineretail.csv.gz"
    if not path.exists():
        raise MissingData(f"{path} is not there. Online Retail can be had from archive.ics.uci.edu (dataset 352).")
    rows = pd.read_csv(path, usecols=["CustomerID", "InvoiceDate", "Quantity", "UnitPrice"]).dropna()
    return pd.DataFrame(
        {
            "customer_id": rows["CustomerID"].astype(int).astype(str),
            "date": pd.to_datetime(rows["InvoiceDate"]),
            "amount": rows["Quantity"] * rows["UnitPrice"],
        }
    )
