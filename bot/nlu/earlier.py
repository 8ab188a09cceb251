"""What was said before a message, for as long as it is being understood: a message itself does not carry it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Earlier:
    """Texts that a message follows, the latest first; none for one that stands alone."""

    texts: tuple[str, ...] = ()
    is_thing: bool = False
    """Whether they name what "it" is, and are no question that the message goes on from."""


NOTHING = Earlier()
_EARLIER: ContextVar[Earlier] = ContextVar("earlier", default=NOTHING)


def said_earlier() -> Earlier:
    """Of the message that is being understood."""
    return _EARLIER.get()


@contextmanager
def understood_after(earlier: Earlier) -> Iterator[None]:
    """Within it, messages are understood as following that."""
    token = _EARLIER.set(earlier)
    try:
        yield
    finally:
        _EARLIER.reset(token)
