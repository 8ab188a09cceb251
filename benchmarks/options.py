"""What can be said about a run of the understanding suites: which peers, which data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.errors import BadOption

PEERS = ("all", "fast", "none", "diet", "setfit")
SLOW = ("diet", "setfit")


@dataclass(frozen=True)
class Options:
    peers: str = "all"
    """`fast` leaves out those that take more than a few minutes a data set, `none` all; `diet` and `setfit` are the
    fast ones and that one.
    """
    only: tuple[str, ...] = ()
    """Names of data sets; empty is all of the suite."""

    def __post_init__(self) -> None:
        if self.peers not in PEERS:
            raise BadOption(f"There are no peers {self.peers!r}; choose one of {', '.join(PEERS)}.")

    @property
    def is_default(self) -> bool:
        return self == Options()

    def trains(self, peer: str) -> bool:
        """Whether this one of the slow peers is to be trained."""
        return self.peers in ("all", peer)

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
        if self.peers == "none":
            return [*notes, "all peers that need a training of their own were left out: --peers none"]
        without = [name for name in SLOW if not self.trains(name)]
        return [*notes, f"left out of the peers: {', '.join(without)} (--peers {self.peers})"] if without else notes
