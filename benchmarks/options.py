"""What can be said about a run of the understanding suites: which peers, which data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.errors import BadOption

PEERS = ("all", "fast", "none")


@dataclass(frozen=True)
class Options:
    peers: str = "all"
    """`fast` leaves out those that take more than a few minutes a data set, `none` all."""
    only: tuple[str, ...] = ()
    """Names of data sets; empty is all of the suite."""

    def __post_init__(self) -> None:
        if self.peers not in PEERS:
            raise BadOption(f"There are no peers {self.peers!r}; choose one of {', '.join(PEERS)}.")

    @property
    def is_default(self) -> bool:
        return self == Options()

    def chosen(self, data_sets: Sequence[str]) -> list[str]:
        """Those of the suite's `data_sets` that are to be measured.

        Raises:
            BadOption: one that the suite has not.
        """
        for name in self.only:
            if name not in data_sets:
                raise BadOption(f"This suite has no data set {name!r}; choose of {', '.join(data_sets)}.")
        return [name for name in data_sets if not self.only or name in self.only]

    def notes(self, data_sets: Sequence[str]) -> list[str]:
        """What was not run because of them."""
        left = [name for name in data_sets if name not in self.chosen(data_sets)]
        notes = [f"not run (--only): {', '.join(left)}"] if left else []
        if self.peers == "fast":
            notes.append("the slow peers (DIET, SetFit) were left out: --peers fast")
        if self.peers == "none":
            notes.append("all peers that need a training of their own were left out: --peers none")
        return notes
