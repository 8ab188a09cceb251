"""Freed memory is kept for the next batch. glibc hands large blocks back to the system and asks for them again a moment
later, and each of their pages then costs a fault."""

from __future__ import annotations

import ctypes
import sys

# malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_MB = 1 << 20
# The most that glibc takes; larger blocks are mapped in any case.
_LARGEST_BLOCK = 32 * _MB
_MOST_KEPT = 1024 * _MB


def keep_freed_memory() -> bool:
    """For the rest of the process; whether the C library can be told (that of Linux mostly can)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False
    settings = {_M_MMAP_THRESHOLD: _LARGEST_BLOCK, _M_TRIM_THRESHOLD: _MOST_KEPT, _M_TOP_PAD: _LARGEST_BLOCK}
    return all([mallopt(name, value) == 1 for name, value in settings.items()])
