"""Mistakes of whoever starts a benchmark; each is one sentence with the remedy and exit code 2.

CliError (bot.cli.errors)
└── BenchmarkError
    ├── MissingData      a data set is not where it was said to be
    ├── PeerFailed       what we compare with could not be trained or started; names its log
    ├── BadOption        an option of the command that the suite has not
    └── UnsafePlace      the settings point at a database that is not the benchmark's own
"""

from __future__ import annotations

from bot.cli.errors import CliError


class BenchmarkError(CliError):
    """Base of the benchmarks' errors; the message names the thing, the value and the remedy."""


class MissingData(BenchmarkError):
    """A data set is not where it was said to be."""


class PeerFailed(BenchmarkError):
    """What we compare with could not be trained or started."""


class BadOption(BenchmarkError):
    """An option of the command that the suite has not."""


class UnsafePlace(BenchmarkError):
    """The settings point at a database that is not the benchmark's own."""
