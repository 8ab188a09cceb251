"""Mistakes of whoever types the command; each is one sentence with the remedy and exit code 2.

CliError
├── BadSettings        environment variables that are unknown or impossible, all of them in one message
├── BadSecrets         the file with the keys cannot be used
├── PortTaken          another program listens where a process should
├── AlreadyRunning     this data folder is being served
├── NotRunning         nobody serves this data folder
├── NotTrained         a model is missing
├── TrainingFailed     a model could not be trained; names the log
├── StartFailed        a process does not answer; names its log
├── BadExport          an export that is not given
├── BadReview          options of a review that exclude each other
├── BadExamples        examples that cannot become training data
├── BadScoring         options of a scoring that do not fit together
├── UnknownCustomer    nobody has this number or e-mail
└── UnknownSuite       no benchmark has this name
"""

from __future__ import annotations


class CliError(Exception):
    """Base of the command line's errors; the message names the thing, the value and the remedy."""


class BadSettings(CliError):
    """Environment variables that are unknown or impossible."""


class BadSecrets(CliError):
    """The file with the keys cannot be used."""


class PortTaken(CliError):
    """Another program listens where a process should."""


class AlreadyRunning(CliError):
    """This data folder is being served."""


class NotRunning(CliError):
    """Nobody serves this data folder."""


class NotTrained(CliError):
    """A model is missing."""


class TrainingFailed(CliError):
    """A model could not be trained."""


class StartFailed(CliError):
    """A process ended or stayed silent while it was started."""


class BadExport(CliError):
    """An export that is not given, or not like this."""


class BadReview(CliError):
    """Options of a review that exclude each other."""


class BadExamples(CliError):
    """Examples that cannot become training data, or not there."""


class BadScoring(CliError):
    """Options of a scoring that do not fit together."""


class UnknownCustomer(CliError):
    """Nobody has this number or e-mail."""


class UnknownSuite(CliError):
    """No benchmark has this name."""
