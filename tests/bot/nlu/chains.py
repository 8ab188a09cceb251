"""Chains of tags that were not learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.nlu.tag_chain import TagChain


def free_chain(tags: Sequence[str]) -> TagChain:
    """Every step that is possible is as good as any other."""
    return TagChain(tuple(tags), np.zeros(len(tags), np.float32), np.zeros((len(tags), len(tags)), np.float32))
