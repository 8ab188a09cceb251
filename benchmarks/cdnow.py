"""Reader of CDNOW: 23,570 customers who bought music for the first time in the first quarter of 1997.

The log has all of them; the summary has the published sample of a tenth, as frequency, recency and T in weeks until the
end of September, and in the order of the first purchase and the customers' numbers. Which customers of the log they are
follows from that, except among those who are alike.
"""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.errors import MissingData
from crm_models.value.repeat_buying import RepeatBuying, repeat_buying, summarise

CALIBRATED_UNTIL = datetime(1997, 10, 1)  # 39 weeks
HELD_OUT_UNTIL = datetime(1998, 7, 1)  # another 39
WEEKS = 39.0
_LOG, _SAMPLE = "CDNOW_master.txt.gz", "cdnow_customers_summary.csv"


def read_transactions(data: Path) -> pd.DataFrame:
    """Every purchase: `customer_id`, `date` (datetime), `discs` and `amount` in dollars.

    Raises:
        MissingData: the file is not in `data`.
    """
    with gzip.open(_file(data, _LOG), "rt", encoding="ascii") as lines:
        rows = [line.split() for line in lines][1:]
    table = pd.DataFrame([row for row in rows if row], columns=["customer_id", "date", "discs", "amount"])
    table["date"] = pd.to_datetime(table["date"], format="%Y%m%d")
    return table.astype({"discs": float, "amount": float})


def read_sample(data: Path) -> RepeatBuying:
    """The published calibration data of 2,357 customers, in weeks."""
    table = pd.read_csv(_file(data, _SAMPLE))
    return repeat_buying(*(table[name].to_numpy(dtype=np.float64) for name in ("frequency", "recency", "T")))


def sample_candidates(log: pd.DataFrame, sample: RepeatBuying) -> list[list[str]]:
    """For each customer of the sample, the customers of the log that it may be; one where there is no doubt.

    Alike are those with the same frequency, recency and first day. The sample is ordered by number within a day, so
    whoever is sure bounds those before and after.
    """
    known = summarise(log, CALIBRATED_UNTIL)
    alike: dict[tuple[float, ...], list[str]] = {}
    for customer, *numbers in known[["frequency", "recency", "T"]].itertuples():
        alike.setdefault(tuple(numbers), []).append(customer)
    days = np.column_stack([sample.frequency, (sample.recency * 7).round(), (sample.T * 7).round() + 1])
    found = [alike[tuple(row)] for row in days]
    for first_day in np.unique(days[:, 2]):
        rows = np.flatnonzero(days[:, 2] == first_day)
        least, most = "", "~"
        for row in rows:
            found[row] = [each for each in found[row] if each > least]
            least = found[row][0]
        for row in rows[::-1]:
            found[row] = [each for each in found[row] if each < most]
            most = found[row][-1]
    return found


def sample_weights(candidates: list[list[str]], customers: pd.Index) -> np.ndarray:
    """How much of each customer of the log is in the sample, float (customers,): 1 for who is in without doubt, and of
    those who are alike an equal share. Sums to the size of the sample."""
    weight = pd.Series(0.0, index=customers)
    for each in candidates:
        weight.loc[each] += 1.0 / len(each)
    return weight.to_numpy()


def _file(data: Path, name: str) -> Path:
    path = data / "cdnow" / name
    if not path.exists():
        raise MissingData(f"{path} is not there. CDNOW can be had from brucehardie.com/datasets.")
    return path
