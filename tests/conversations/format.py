"""A conversation as its file tells it; see README.md beside this file. What cannot be meant is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

FOLDER = Path(__file__).parent


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Texts = Annotated[list[str], BeforeValidator(_as_list)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(_Strict):
    """Text, repeated `times`; for messages nobody would write into a file."""

    text: str
    times: int = Field(1, ge=1)


class Expected(_Strict):
    """What the bot's replies of one turn must be like, taken together."""

    response: Texts = []  # one of these responses is among them
    contains: Texts = []
    not_contains: Texts = []
    once: Texts = []  # each is said, and not twice
    buttons: Texts = []  # each is part of a button's title
    buttons_count: int | None = None
    sources: Texts = []  # one of these articles is linked
    silent: bool = False


class Step(_Strict):
    """One thing that happens. Exactly one of the fields; `means` goes with `user`."""

    user: str | Said | None = None
    means: str | None = None  # the intent; its button is pressed if the bot asks which of a few things was meant
    burst: list[str] | None = Field(None, min_length=2)
    payload: str | None = None
    choose: str | None = None
    code: Literal["from_mail", "wrong"] | None = None
    resend: Literal[True] | None = None
    bot: Expected | None = None
    staff: Literal["pause", "resume"] | Said | None = None
    fault: Literal["action_server_down", "database_locked", "index_empty", "none"] | None = None
    sql: str | None = None
    elsewhere: Literal[True] | None = None  # the same customer goes on in another conversation

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        things = self.model_fields_set - ({"means"} if "user" in self.model_fields_set else set())
        if len(things) != 1:
            raise ValueError(f"a step is one thing, not {sorted(things) or 'nothing'}")
        return self


class Check(_Strict):
    """A query on the shop's database and what it gives: one value, or rows."""

    sql: str
    value: Any = None
    rows: list[list[Any]] | None = None


class Conversation(_Strict):
    """One behaviour."""

    who: str | None = Field(None, alias="as")  # a customer's number; anonymous without
    shop: Literal["demo", "imported"] = "demo"
    steps: list[Step] = Field(min_length=1)
    database: list[Check] = []


def read_conversation(path: Path) -> Conversation:
    """Raises ValueError for a file that says what cannot be meant."""
    return Conversation.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def conversation_files() -> list[Path]:
    """All of them, by name."""
    return sorted(FOLDER.glob("*.yml"))
