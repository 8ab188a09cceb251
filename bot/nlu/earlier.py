"""What was said before a message, for as long as it is being understood: a message itself does not carry it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

_EARLIER: ContextVar[tuple[str, ...]] = ContextVar("earlier", default=())


def said_earlier() -> tuple[str, ...]:
    """Texts that the message follows, the latest first; none for one that stands alone."""
    return _EARLIER.get()


@contextmanager
def understood_after(texts: Sequence[str]) -> Iterator[None]:
    """Within it, messages are understood as following these texts."""
    token = _EARLIER.set(tuple(texts))
    try:
        yield
    finally:
        _EARLIER.reset(token)
