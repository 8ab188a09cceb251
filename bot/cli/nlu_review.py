"""`rapport nlu review`: label logged messages, in the terminal or by way of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import typer
from rich.markup import escape

from bot.cli.config import Config
from bot.cli.display import console, done, note, step
from bot.cli.errors import BadReview
from bot.cli.nlu_check import OUR_DATA
from bot.nlu.emoji import spell_emoji
from bot.nlu_tools.accept import Labels, Result, Taken
from bot.nlu_tools.decisions import Decisions
from bot.nlu_tools.encoders import FrozenEncoder, encode_cached
from bot.nlu_tools.made_up import doubtful, made_up, personal_left, shown
from bot.nlu_tools.queue import Candidate, label_queue
from bot.nlu_tools.sheet import NEVER, Row, read_sheet, write_sheet
from bot.nlu_tools.write import unmarked
from crm_models.database import check_version, create_engine, reading
from crm_models.label_log import LoggedMessage, logged_messages, messages_by_id
from knowledge.embed import Encoder, load_encoder
from knowledge.errors import KnowledgeError


def review(
    config: Config,
    data: Path | None,
    since: datetime | None,
    limit: int,
    listed: bool,
    csv: Path | None,
    filled: Path | None,
) -> int:
    """Exit code 1 when rows of a filled table were left out."""
    if sum((listed, csv is not None, filled is not None)) > 1:
        raise BadReview("Give one of --list, --csv and --from.")
    labels = Labels(data or OUR_DATA, Decisions(config.home))
    if filled is not None:
        return _take_back(config, labels, filled)
    queue = _queue(config, labels, since, limit)
    if csv is not None:
        count = write_sheet(csv, queue, labels.vocabulary)
        done(f"{count} messages are in {csv}: fill in accepted_intent, then `rapport nlu review --from {csv}`")
    elif not queue:
        note("There is no logged message left that is worth labelling.")
    elif listed:
        for number, each in enumerate(queue, 1):
            _show(number, len(queue), each)
    else:
        _Session(labels, queue).run()
    return 0


def _queue(config: Config, labels: Labels, since: datetime | None, limit: int) -> list[Candidate]:
    engine = create_engine(config.crm.database_url)
    check_version(engine)
    with step("Reading the log") as running:
        with reading(engine) as connection:
            messages = list(logged_messages(connection, since.date() if since else None))
        engine.dispose()
        running.result = f"{len(messages):,} messages that customers typed"
    if not messages:
        return []
    encoder = _any_encoder(config)
    cache = config.home / "vectors"
    with step("Looking for those worth labelling") as running:
        vectors = encode_cached(encoder, [each.text for each in labels.examples], cache, running.count)
        queue = label_queue(messages, labels.examples, vectors, labels.decisions, _reader(encoder), limit=limit)
        running.result = f"{len(queue)}"
    return queue


def _any_encoder(config: Config) -> Encoder:
    """The trained one, which is there where messages were logged and loads faster; here its labels do no harm."""
    try:
        return load_encoder(config.knowledge.encoder_folder)
    except KnowledgeError:
        return FrozenEncoder()


def _reader(encoder: Encoder) -> Callable[[Sequence[str]], np.ndarray]:
    return lambda texts: encoder.encode([spell_emoji(text) for text in texts])


def _take_back(config: Config, labels: Labels, path: Path) -> int:
    rows = read_sheet(path)
    engine = create_engine(config.crm.database_url)
    check_version(engine)
    with reading(engine) as connection:
        messages = messages_by_id(connection, [row.message_id for row in rows])
    engine.dispose()
    counts: Counter[Taken | None] = Counter()
    left_out = 0
    for row in rows:
        said = _take_row(labels, row, messages.get(row.message_id))
        if isinstance(said, str):
            note(escape(f"Line {row.line} was left out: {said}"))
            left_out += 1
        else:
            counts[said] += 1
    _end(counts[Taken.WRITTEN])
    return 1 if left_out else 0


def _take_row(labels: Labels, row: Row, message: LoggedMessage | None) -> Taken | str | None:
    """What was done with the row, None when its message shall not be asked about again; a sentence why nothing was."""
    if message is None:
        return f"there is no message {row.message_id} that a customer typed."
    masked = shown(message.text, message.known)
    now = datetime.now(UTC)
    if row.accepted in NEVER:
        labels.never(masked, row.message_id, now)
        return None
    intents = labels.intents_like(row.accepted)
    if len(intents) != 1:
        return _no_intent(row.accepted, intents)
    if row.check:
        return f"may these words stay: {row.check}? Replace names in its text, then empty the cell `check`."
    if left := personal_left(message.text, message.known, row.text):
        return f"its text holds what the customer wrote about themselves: {', '.join(left)}."
    if not row.text or "\n" in row.text:
        return "its text must be one line."
    result = labels.accept(intents[0], row.text, masked, row.message_id, now)
    return _refusal(result) or result.taken


def _refusal(result: Result) -> str | None:
    if result.taken is Taken.CONFLICT:
        return f"the same text is an example of {result.intent} ({result.place}); decide there first."
    return None


def _no_intent(typed: str, intents: Sequence[str]) -> str:
    if intents:
        return f"{typed!r} may be {', '.join(intents)}; write more of it."
    return f"there is no intent {typed!r}."


def _show(number: int, total: int, candidate: Candidate) -> None:
    console.print(f"\n[bold]{number}/{total}[/]  {escape(candidate.masked)}")
    console.print(f"  [dim]understood as {escape(candidate.message.intent)}; {escape('; '.join(candidate.reasons))}[/]")
    options = "  ".join(f"[bold]{place}[/] {escape(name)}" for place, name in enumerate(candidate.suggested, 1))
    console.print(f"  {options}")


class _Session:
    """Asks about one message after the other. What is accepted is written at once, so leaving loses nothing."""

    HELP = "number or intent, s skip, x never ask again, e edit, ? all intents, q quit"

    def __init__(self, labels: Labels, queue: Sequence[Candidate]) -> None:
        self._labels, self._queue = labels, queue
        self._written = 0

    def run(self) -> None:
        console.print(f"[dim]{self.HELP}[/]")
        try:
            for number, candidate in enumerate(self._queue, 1):
                _show(number, len(self._queue), candidate)
                if not self._ask(candidate):
                    break
        except (typer.Abort, KeyboardInterrupt, EOFError):
            console.print()
        _end(self._written)

    def _ask(self, candidate: Candidate) -> bool:
        """False to leave."""
        message = candidate.message
        text = made_up(message.text, message.known, self._labels.vocabulary)
        while True:
            typed = typer.prompt("  Intent").strip()
            if typed == "q":
                return False
            if typed == "s":
                return True
            if typed == "x":
                self._labels.never(candidate.masked, message.message_id, datetime.now(UTC))
                return True
            if typed == "?":
                console.print(f"  {', '.join(self._labels.intents)}")
            elif typed == "e":
                text = typer.prompt("  Text", default=text)
            elif (intent := self._intent(candidate, typed)) is not None and self._write(candidate, intent, text):
                return True

    def _intent(self, candidate: Candidate, typed: str) -> str | None:
        if typed.isdigit() and 1 <= int(typed) <= len(candidate.suggested):
            return candidate.suggested[int(typed) - 1]
        intents = self._labels.intents_like(typed)
        if len(intents) == 1:
            return intents[0]
        console.print(f"  {escape(_no_intent(typed, intents))} [dim]({self.HELP})[/]")
        return None

    def _write(self, candidate: Candidate, intent: str, text: str) -> bool:
        """False when it is still to be decided."""
        message = candidate.message
        if left := personal_left(message.text, message.known, text):
            console.print(
                f"  It still holds what the customer wrote about themselves: {escape(', '.join(left))}. Type e."
            )
            return False
        names = doubtful(text, self._labels.vocabulary)
        if names or text != unmarked(message.text):
            console.print(f"  Will be written as: {escape(text)}")
        if names and not typer.confirm(f"  May these words stay: {', '.join(names)}?", default=False):
            console.print("  Type e to replace them, or s to skip.")
            return False
        result = self._labels.accept(intent, text, candidate.masked, message.message_id, datetime.now(UTC))
        if refused := _refusal(result):
            console.print(f"  Not written: {escape(refused)}")
            return False
        self._written += result.taken is Taken.WRITTEN
        console.print(f"  [green]✓[/] {escape(intent)}, {result.place}")
        return True


def _end(written: int) -> None:
    then = "; `rapport train` teaches them" if written else ""
    done(f"{written} written{then}")
