"""What an import changed or refused, rule by rule and row by row: nothing is lost without a line that says so."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 3


class Changes:
    """Collects changes while a table is cleaned. Rows are named by their number in the source, the first is 1."""

    def __init__(self, original: pd.DataFrame) -> None:
        self._original = original
        self._changed: list[pd.DataFrame] = []
        self._refused: list[pd.DataFrame] = []
        self.counts: Counter[tuple[str, str]] = Counter()  # by (changed or refused, rule)
        self.examples: dict[tuple[str, str], list[str]] = {}

    def changed(self, rule: str, field: str, before: pd.Series[Any], after: pd.Series[Any]) -> None:
        """Values of one field that were replaced; both share the index of the rows."""
        if before.empty:
            return
        import pandas as pd

        table = pd.DataFrame({"row": before.index + 1, "rule": rule, "field": field, "before": before, "after": after})
        self._changed.append(table)
        shown = [f"row {row.row}: {row.before!s} became {row.after!s}" for row in table.head(EXAMPLES).itertuples()]
        self._note("changed", rule, len(table), shown)

    def refused(self, rule: str, rows: pd.Index[Any]) -> None:
        """Rows that are not imported."""
        if len(rows) == 0:
            return
        table = self._original.loc[rows].copy()
        table.insert(0, "rule", rule)
        table.insert(0, "row", rows + 1)
        self._refused.append(table)
        first = table.head(EXAMPLES)
        shown = [
            f"row {number + 1}: " + ", ".join(str(each) for each in self._original.loc[number].tolist()[:8])
            for number in first.index
        ]
        self._note("refused", rule, len(table), shown)

    def write(self, folder: Path) -> list[Path]:
        """`changed.csv` and `refused.csv`, each only where there is something in it."""
        import pandas as pd

        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, tables in (("changed", self._changed), ("refused", self._refused)):
            path = folder / f"{name}.csv"
            path.unlink(missing_ok=True)
            if tables:
                pd.concat(tables).sort_values("row", kind="stable").to_csv(path, index=False)
                written.append(path)
        return written

    def _note(self, what: str, rule: str, count: int, shown: list[str]) -> None:
        self.counts[what, rule] += count
        self.examples.setdefault((what, rule), []).extend(shown)
        del self.examples[what, rule][EXAMPLES:]
