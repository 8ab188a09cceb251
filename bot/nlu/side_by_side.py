"""Two trainings at once in one process, each with half of the processor's threads.

Matrices as small as those of a batch of messages gain little by a second thread, two trainings gain nearly twice.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def can_share(device: torch.device) -> bool:
    """Whether there are threads for both. A GPU computes one after the other as fast."""
    return device.type == "cpu" and torch.get_num_threads() > 1


@contextmanager
def half_the_threads() -> Iterator[None]:
    """In this block torch computes with half of its threads, in threads that begin in it too."""
    all_of_them = torch.get_num_threads()
    torch.set_num_threads(max(1, all_of_them // 2))
    try:
        yield
    finally:
        torch.set_num_threads(all_of_them)


class GivenUp(Exception):
    """The other of two trainings failed or was broken off, so this one is of no use."""


class Choice:
    """Which epoch is best: told by the run that has held-out examples, followed by the one that has none.

    The second may run beside the first. It is never more than an epoch ahead, so that it need keep few states.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._given_up = False
        self.reached = 0
        """Epochs of the first run."""
        self.best = 0
        """The best of them."""
        self.final = False

    def tell(self, reached: int, best: int) -> None:
        with self._changed:
            self.reached, self.best = reached, best
            self._changed.notify_all()

    def decide(self) -> None:
        """The best so far is it."""
        with self._changed:
            self.final = True
            self._changed.notify_all()

    def give_up(self) -> None:
        """Both runs end at their next step with `GivenUp`."""
        with self._changed:
            self._given_up = True
            self._changed.notify_all()

    def check(self) -> None:
        """Raises GivenUp."""
        if self._given_up:
            raise GivenUp

    def wants(self, epoch: int) -> bool:
        """Whether the second run has to train that epoch; waits until it can be said. Raises GivenUp."""
        with self._changed:
            self._changed.wait_for(lambda: self._given_up or self.final or epoch <= self.reached + 2)
            self.check()
            return not self.final or epoch <= self.best

    def wait(self) -> int:
        """The best epoch, once that is decided. Raises GivenUp."""
        with self._changed:
            self._changed.wait_for(lambda: self._given_up or self.final)
            self.check()
            return self.best
