"""What can go wrong with the examples' files and with what is to be added to them.

NluToolError
├── BadExamples      the files of examples cannot be read as such; names file and line
├── CannotWrite      a file of examples cannot take a line
└── BadSheet         a table of reviewed messages cannot be used
"""

from __future__ import annotations

from bot.nlu.errors import NluError


class NluToolError(NluError):
    """Base of the errors of `bot.nlu_tools`."""


class BadExamples(NluToolError):
    """A file of examples cannot be read."""


class CannotWrite(NluToolError):
    """A file of examples cannot take a line."""


class BadSheet(NluToolError):
    """A table of reviewed messages cannot be used."""
