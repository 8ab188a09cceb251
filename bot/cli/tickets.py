"""`rapport ingest --tickets` and `rapport kb candidates`: from a history of tickets to articles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from bot.cli import prepare
from bot.cli.config import Config
from bot.cli.display import console, done, note, step
from bot.cli.errors import BadSettings
from bot.cli.index import refresh_index
from crm_models.masking import mask_text
from knowledge.errors import DocumentError
from knowledge.store import KnowledgeStore
from knowledge.tickets.candidate import Candidate, Kind, Status
from knowledge.tickets.decide import accept as accept_candidate
from knowledge.tickets.decide import reject as reject_candidate
from knowledge.tickets.files import FIELDS, TicketFile, read_tickets
from knowledge.tickets.ratings import Scale, read_scale
from knowledge.tickets.records import get_candidate, keep_tickets, list_candidates, list_tickets

if TYPE_CHECKING:
    from knowledge.tickets.propose import Proposals

_EXAMPLES = 5


def ingest_tickets(config: Config, paths: Sequence[Path], columns: Sequence[str], scale: str | None, least: int) -> int:
    """Exit code 1 when rows, or one of several files, were left out. Raises DocumentError where no file can be read."""
    told, on = _told(columns), read_scale(scale) if scale else None
    store = KnowledgeStore(config.knowledge.database)
    left_out, unread = 0, list(paths)
    try:
        for path, file in _readable(paths, told, on):
            new, changed = keep_tickets(store, file.tickets)
            same = len(file.tickets) - new - changed
            done(f"{path}: {new:,} tickets new, {changed:,} changed, {same:,} as before")
            _say_how(file)
            left_out += len(file.problems)
            unread.remove(path)
        _propose(config, store, least)
    finally:
        store.close()
    return 1 if left_out or unread else 0


def show_list(config: Config, every: bool) -> None:
    store = KnowledgeStore(config.knowledge.database)
    try:
        found = list_candidates(store, None if every else Status.PROPOSED)
        if not found:
            note("No candidate waits; `rapport ingest --tickets FILE` finds them in a history of tickets.")
            return
        rows = [tuple(map(escape, _row(each))) for each in found]
        if not console.is_terminal:  # lines to be searched
            for row in rows:
                console.print("  ".join(row))
            return
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("id", "tickets", "liked", "question", "becomes"):
            table.add_column(name, justify="right" if name in ("tickets", "liked") else "left")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    finally:
        store.close()


def show(config: Config, candidate_id: str) -> None:
    store = KnowledgeStore(config.knowledge.database)
    try:
        candidate = get_candidate(store, candidate_id)
        _show(store, candidate)
    finally:
        store.close()


def accept(
    config: Config,
    candidate_ids: Sequence[str],
    question: str | None,
    answer: str | None,
    topic: str,
    article: str | None,
) -> None:
    """A running bot answers from it at once."""
    if len(candidate_ids) > 1 and (question or answer):
        raise BadSettings("--question and --answer are for one candidate; accept the others without them.")
    _decide(config, candidate_ids, lambda store, name: accept_candidate(store, name, question, answer, topic, article))


def reject(config: Config, candidate_ids: Sequence[str], reason: str) -> None:
    _decide(config, candidate_ids, lambda store, name: reject_candidate(store, name, reason))


def _decide(config: Config, candidate_ids: Sequence[str], decide: Callable[[KnowledgeStore, str], Candidate]) -> None:
    store = KnowledgeStore(config.knowledge.database)
    try:
        before = store.content_hashes()
        for candidate_id in candidate_ids:
            decided = decide(store, candidate_id)
            becomes = "" if decided.status is Status.REJECTED else f": {_becomes(decided)}"
            done(escape(f"{candidate_id} {decided.status}{becomes}"))
        changed = store.content_hashes() != before
    finally:
        store.close()
    if changed and prepare.current_model(config) is not None:
        refresh_index(config)


def _told(columns: Sequence[str]) -> dict[str, list[str]]:
    """`field=COLUMN` pairs; only "personal" may come more than once."""
    told: dict[str, list[str]] = {}
    for entry in columns:
        field, equals, column = entry.partition("=")
        if not equals or not column.strip():
            raise BadSettings(f"--map {entry} is not FIELD=COLUMN; the fields are {', '.join(FIELDS)}.")
        if field.strip() in told and field.strip() != "personal":
            raise BadSettings(f"--map gives two columns for {field.strip()}; name one.")
        told.setdefault(field.strip(), []).append(column.strip())
    return told


def _readable(paths: Sequence[Path], told: dict[str, list[str]], scale: Scale | None) -> list[tuple[Path, TicketFile]]:
    """Each file that can be read; the others are named."""
    found, failed = [], []
    for path in paths:
        try:
            found.append((path, _read(path, told, scale)))
        except DocumentError as error:
            failed.append(error)
    if failed and not found:
        raise failed[0]
    for error in failed:
        note(escape(f"{error}; the other files are taken in"))
    return found


def _read(path: Path, told: dict[str, list[str]], scale: Scale | None) -> TicketFile:
    try:
        with step(f"Reading {path}"):
            return read_tickets(path, mask_text, told, scale)
    except DocumentError as error:
        raise DocumentError(f"the tickets in {path} cannot be taken in: {error}") from error


def _say_how(file: TicketFile) -> None:
    used = (f"{field} from {', '.join(names)}" for field, names in file.columns.items() if names)
    console.print(f"  {'; '.join(used)}", markup=False)
    if file.scale is not None:
        worst, best = file.scale
        console.print(f"  Ratings go from {worst:g} (worst) to {best:g}; --scale says otherwise.")
    elif not file.columns["rating"]:
        note("No column holds ratings: an answer counts as good where agents agree on it.")
    for problem in file.problems:
        note(escape(f"{problem}; left out"))


def _propose(config: Config, store: KnowledgeStore, least: int) -> None:
    from knowledge.embed import load_encoder
    from knowledge.retrieve import open_retriever
    from knowledge.tickets.propose import propose
    from knowledge.tuning import tuning_of

    if prepare.current_model(config) is None:
        note("There is no trained encoder yet; after `rapport train`, read the tickets again to find candidates.")
        return
    refresh_index(config)
    encoder = load_encoder(config.knowledge.encoder_folder, threads=2)
    retriever = open_retriever(config.knowledge, encoder)
    judge = tuning_of(config.knowledge.home).answerability

    def answered(question: str) -> str | None:
        hits = retriever.search(question)
        sure = judge.probability(hits) >= config.knowledge.answer_threshold
        return hits[0].document_id if sure else None

    with step("Looking for questions that come again and again") as running:
        found = propose(store, encoder, answered, least, running.count)
        running.result = f"{len(found.candidates)} candidates"
    retriever.store.close()
    _say_found(found, least)


def _say_found(found: Proposals, least: int) -> None:
    why = {
        "were asked fewer than {least} times": found.too_few,
        "were answered in different ways": found.disagreeing,
        "were answered for single customers only": found.personal,
        "are answered by an article already": found.answered,
        "were decided before": found.decided,
    }
    for text, count in why.items():
        if count:
            note(f"{count:,} groups of like questions {text.format(least=least)}.")
    if found.candidates:
        note("`rapport kb candidates list` shows them; nothing is answered from them before somebody accepts.")


def _row(candidate: Candidate) -> tuple[str, ...]:
    evidence = candidate.evidence
    liked = f"{evidence.good / evidence.rated:.0%}" if evidence.rated else "-"
    return candidate.candidate_id, f"{evidence.tickets:,}", liked, candidate.question, _becomes(candidate)


def _becomes(candidate: Candidate) -> str:
    if candidate.status is Status.REJECTED:
        return f"nothing: rejected{f', {candidate.reason}' if candidate.reason else ''}"
    if candidate.kind is Kind.QUESTIONS:
        return f"{len(candidate.questions)} ways of asking for {candidate.document_id}"
    return f"article {candidate.document_id}" if candidate.document_id else "a new article"


def _show(store: KnowledgeStore, candidate: Candidate) -> None:
    evidence = candidate.evidence
    console.print(f"[bold]{escape(candidate.question)}[/]  [dim]{candidate.status}[/]")
    console.print(f"Becomes {escape(_becomes(candidate))}.\n")
    console.print(escape(candidate.answer))
    article = store.get_document(candidate.document_id) if candidate.kind is Kind.QUESTIONS else None
    if article is not None:
        body = " ".join(article.body.split())
        console.print(f"\nThe article '{escape(article.title)}' says: {escape(body[:400])}")
    days = f" from {evidence.first} to {evidence.last}" if evidence.first else ""
    rated = f"{evidence.good:,} of {evidence.rated:,} rated answers were liked" if evidence.rated else "none was rated"
    console.print(f"\n{evidence.tickets:,} tickets{days}; {rated}; {evidence.agreement:.0%} of the answers agree.")
    console.print(f"Of {evidence.asked} ways of asking, an article answers {evidence.found} today.")
    console.print("\nAsked as:")
    for way in candidate.questions:
        console.print(f"  {escape(way)}")
    console.print("\nTickets:")
    for ticket in list_tickets(store, evidence.ticket_ids)[:_EXAMPLES]:
        rating = f", rated {ticket.rating:.0%}" if ticket.rating is not None else ""
        console.print(f"  [dim]{escape(ticket.ticket_id)}, {ticket.asked_on or 'no day'}{rating}[/]")
        console.print(f"    {escape(ticket.question)}\n    {escape(' '.join(ticket.answer.split()))}")
