"""What can go wrong in the web process.

WebError
├── SettingsError          a setting or a secret is missing or impossible
├── SentenceMissing        a sentence the pages need is not in the domain
├── BotError               the bot did not take a message
│   ├── BotUnreachable     worth another try: no connection, time-out, 503, wrong key
│   │   └── BotFailed      the bot answered that it failed on this message; worth a few more tries
│   └── BotRefused         the same message will be refused again
├── ConversationGone       a pass for a conversation that the database does not hold
├── LoginNeeded            a page of the staff was asked for without a valid session
└── Refused                what was asked for is not given; carries a status and a sentence's name
"""

from __future__ import annotations


class WebError(Exception):
    """Base of every error raised by `web`."""


class SettingsError(WebError):
    """A setting or a secret is missing or impossible; the message names it and the remedy."""


class SentenceMissing(WebError):
    """A sentence the pages need is not in the domain."""


class BotError(WebError):
    """The bot did not take a message."""


class BotUnreachable(BotError):
    """The bot may take it later: no connection, time-out, not ready yet, wrong key."""


class BotFailed(BotUnreachable):
    """The bot answered that it failed on this message. A few more tries, then it is given up."""


class BotRefused(BotError):
    """The bot will never take this request."""


class Refused(WebError):
    """A request of a visitor that is not granted.

    `sentence` is a key of the web sentences; it is what the visitor reads.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{status}: {sentence}")
        self.status = status
        self.sentence = sentence


class ConversationGone(WebError):
    """The database does not hold the conversation: erased, or another shop's data was put in its place."""


class LoginNeeded(WebError):
    """Nobody of the staff is signed in in this browser; `path` is where they wanted to go."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} needs a log-in")
        self.path = path
