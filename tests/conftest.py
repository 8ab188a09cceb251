"""What every test may use: the whole stack, running."""

from __future__ import annotations

import os

# Before anything reads the settings: it is the tests' own, and the program refuses settings that it does not know.
TEST_HOME = os.environ.pop("RAPPORT_TEST_HOME", None)

from tests.stack import foreign_stack, stack, test_home, trained  # noqa: E402

__all__ = ["foreign_stack", "stack", "test_home", "trained"]
