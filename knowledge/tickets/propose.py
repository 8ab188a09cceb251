"""Repeated questions with good answers, as candidates for articles.

1. Questions that say the same are a group; groups that were given the same answer are one.
2. The answer of a group is the one nearest to all its answers that were not rated badly, liked ones counting double.
   It stands if at least half of them say the same and it is about no single customer.
3. Where the articles answer at least half of the ways of asking, the other ways are proposed for that article, else
   a new article.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from knowledge.embed import Encoder
from knowledge.store import KnowledgeStore
from knowledge.tickets.candidate import Candidate, Evidence, Kind, Status
from knowledge.tickets.groups import Rows, Vectors, alike
from knowledge.tickets.records import list_candidates, list_tickets, replace_proposals
from knowledge.tickets.ticket import Ticket

Answered = Callable[[str], str | None]
"""The id of the article that answers a question without doubt, None where none does."""
Progress = Callable[[int, int], None]

# Cosine from which two questions ask the same, and two answers say the same.
_SAME_QUESTION, _SAME_ANSWER = 0.75, 0.8
# Cosine from which two groups were given one and the same answer.
_ONE_ANSWER = 0.97
# Share of the answers that must agree.
_AGREEING = 0.5
# Ways of asking that are kept of a group, and the cosine from which two are one way.
_WAYS, _ONE_WAY = 20, 0.9
_EXAMPLES = 50
_STEP = 256
# What masking leaves in the place of something personal.
_PLACEHOLDER = re.compile(r"#?\[[a-z-]+\]")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(slots=True)
class Proposals:
    """What is proposed, and why repeated questions are not: numbers of them by reason."""

    candidates: list[Candidate] = field(default_factory=list)
    too_few: int = 0
    disagreeing: int = 0
    personal: int = 0
    answered: int = 0
    decided: int = 0


@dataclass(frozen=True, slots=True)
class _Asked:
    """The different questions without what was personal in them, `vectors` (texts, dimension).

    `counts` (texts,) is how often each was asked; `general` (texts,) tells those in which nobody is named.
    """

    texts: list[str]
    vectors: Vectors
    counts: NDArray[np.float64]
    general: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Group:
    """Tickets that ask the same; `ways` are rows of the different questions."""

    ways: list[int]
    tickets: list[Ticket]
    answer: str
    vector: Vectors
    agreement: float


def propose(
    store: KnowledgeStore, encoder: Encoder, answered: Answered, least: int = 5, progress: Progress | None = None
) -> Proposals:
    """Take the place of what was proposed before; what was accepted or rejected is not proposed again.

    Args:
        least: tickets that must ask the same.
        progress: called with questions and answers encoded, and all of them.
    """
    tickets = list_tickets(store)
    found = Proposals()
    texts = list(dict.fromkeys(asked(ticket.question) for ticket in tickets))
    answers = list(dict.fromkeys(ticket.answer for ticket in tickets))
    vectors = _encode(encoder, [*texts, *answers], progress)
    row_of = {text: row for row, text in enumerate(texts)}
    answer_vectors = dict(zip(answers, vectors[len(texts) :], strict=True))
    said: dict[int, list[Ticket]] = {}
    for ticket in tickets:
        said.setdefault(row_of[asked(ticket.question)], []).append(ticket)
    questions = _Asked(
        texts,
        vectors[: len(texts)],
        np.array([len(said[row]) for row in range(len(texts))], dtype=np.float64),
        _general(texts),
    )
    groups = []
    for rows in alike(questions.vectors, questions.counts, _SAME_QUESTION):
        group = _group(rows, said, answer_vectors, found)
        if group is not None:
            groups.append(group)
    decided = [each for each in list_candidates(store) if each.status is not Status.PROPOSED]
    memory = _Memory(decided, encoder)
    for group in _joined(groups):
        if len(group.tickets) < least:
            found.too_few += 1
            continue
        candidate = _candidate(store, group, questions, answered, found)
        if candidate is None:
            continue
        if memory.holds(candidate, vectors[row_of[candidate.questions[0]]]):
            found.decided += 1
            continue
        found.candidates.append(candidate)
    with store.transaction():
        replace_proposals(store, found.candidates)
    return found


def asked(question: str) -> str:
    """A question without the places of what was personal in it."""
    text = " ".join(_PLACEHOLDER.sub(" ", question).split())
    return re.sub(r"\s+([?!.,])", r"\1", text) or question


def _encode(encoder: Encoder, texts: Sequence[str], progress: Progress | None) -> Vectors:
    parts = [np.zeros((0, encoder.dimension), dtype=np.float32)]
    for start in range(0, len(texts), _STEP):
        parts.append(encoder.encode(texts[start : start + _STEP]))
        if progress is not None:
            progress(min(start + _STEP, len(texts)), len(texts))
    return np.concatenate(parts)


def _group(rows: Rows, said: dict[int, list[Ticket]], answers: dict[str, Vectors], found: Proposals) -> _Group | None:
    """The group with the answer that stands for it, None where none does."""
    tickets = [ticket for row in rows for ticket in said[int(row)]]
    usable = [ticket for ticket in tickets if not ticket.is_bad]
    counts: Counter[str] = Counter()
    for ticket in usable:
        counts[ticket.answer] += 2 if ticket.is_good else 1
    if not counts:
        found.disagreeing += len(tickets) > 1
        return None
    texts = list(counts)
    weights = np.array([counts[text] for text in texts], dtype=np.float64)
    cosine = np.stack([answers[text] for text in texts])
    cosine = cosine @ cosine.T
    agreement = (cosine >= _SAME_ANSWER) @ weights / weights.sum()
    general = np.array([not _PLACEHOLDER.search(text) for text in texts])
    if float(agreement.max()) < _AGREEING:
        found.disagreeing += len(tickets) > 1
        return None
    # The nearest to all, of those that agree with most.
    near = np.where(general & (agreement >= _AGREEING), cosine @ weights, -np.inf)
    best = int(near.argmax())
    if not np.isfinite(near[best]):
        found.personal += len(tickets) > 1
        return None
    return _Group([int(row) for row in rows], tickets, texts[best], answers[texts[best]], float(agreement[best]))


def _joined(groups: Sequence[_Group]) -> list[_Group]:
    """Groups that were answered the same way are one; the one of most tickets leads."""
    if not groups:
        return []
    weights = np.array([len(group.tickets) for group in groups], dtype=np.float64)
    joined = []
    for rows in alike(np.stack([group.vector for group in groups]), weights, _ONE_ANSWER):
        members = sorted((groups[row] for row in rows), key=lambda group: -len(group.tickets))
        tickets = [ticket for group in members for ticket in group.tickets]
        agreement = sum(group.agreement * len(group.tickets) for group in members) / len(tickets)
        lead = members[0]
        joined.append(
            _Group([row for each in members for row in each.ways], tickets, lead.answer, lead.vector, agreement)
        )
    return joined


def _candidate(
    store: KnowledgeStore, group: _Group, questions: _Asked, answered: Answered, found: Proposals
) -> Candidate | None:
    ways = _ways(group, questions)
    articles = [answered(way) for way in ways]
    (document_id, times), *_ = Counter(articles).most_common(1)
    if document_id is None or times * 2 < len(ways):
        return _made(Kind.ARTICLE, group, ways, "", len(ways), len(ways) - articles.count(None))
    document = store.get_document(document_id)
    known = {text.casefold() for text in (document.title, *document.questions)} if document else set()
    missed = [
        way
        for way, article in zip(ways, articles, strict=True)
        if article != document_id and way.casefold() not in known
    ]
    if not missed:
        found.answered += 1
        return None
    return _made(Kind.QUESTIONS, group, missed, document_id, len(ways), times)


def _ways(group: _Group, questions: _Asked) -> list[str]:
    """How the same is asked in different words, the way most like all others first; in which nobody is named, if so."""
    rows = np.array(group.ways)
    rows = rows[questions.general[rows]] if questions.general[rows].any() else rows
    middle = questions.counts[rows] @ questions.vectors[rows]
    central = int(rows[(questions.vectors[rows] @ middle).argmax()])
    parts = alike(questions.vectors[rows], questions.counts[rows], _ONE_WAY)
    leads = [int(rows[part[0]]) for part in parts[:_WAYS]]
    return [questions.texts[row] for row in dict.fromkeys([central, *leads])][:_WAYS]


def _general(texts: Sequence[str]) -> NDArray[np.bool_]:
    """bool (texts,): without words that nobody writes small, such as names, after the first word."""
    small = {word for text in texts for word in _WORD.findall(text) if word[0].islower()} | {"i"}
    return np.array([all(word.lower() in small for word in _WORD.findall(text)[1:]) for text in texts], dtype=np.bool_)


def _made(kind: Kind, group: _Group, ways: Sequence[str], document_id: str, asked: int, found: int) -> Candidate:
    days = [ticket.asked_on for ticket in group.tickets if ticket.asked_on]
    liked = sorted(group.tickets, key=lambda ticket: (ticket.is_bad, not ticket.is_good))
    digest = hashlib.sha256(f"{kind}\x1f{ways[0]}\x1f{document_id}".encode()).hexdigest()[:6]
    return Candidate(
        candidate_id=digest,
        kind=kind,
        status=Status.PROPOSED,
        question=ways[0][0].upper() + ways[0][1:],
        answer=group.answer,
        questions=tuple(ways),
        document_id=document_id,
        evidence=Evidence(
            tickets=len(group.tickets),
            good=sum(ticket.is_good for ticket in group.tickets),
            rated=sum(ticket.rating is not None for ticket in group.tickets),
            agreement=round(group.agreement, 3),
            first=min(days, default=None),
            last=max(days, default=None),
            ticket_ids=tuple(ticket.ticket_id for ticket in liked[:_EXAMPLES]),
            asked=asked,
            found=found,
        ),
    )


class _Memory:
    """What was decided: the same again, in other words, is no question any more."""

    def __init__(self, decided: Sequence[Candidate], encoder: Encoder) -> None:
        self._decided = [(each, way) for each in decided for way in each.questions]
        self._vectors = _encode(encoder, [way for _, way in self._decided], None)

    def holds(self, candidate: Candidate, vector: Vectors) -> bool:
        """Whether the same was decided: about a new article, or about ways of asking for the same one."""
        near = self._vectors @ vector >= _SAME_QUESTION
        same = [each for is_near, (each, _) in zip(near, self._decided, strict=True) if is_near]
        if candidate.kind is Kind.ARTICLE:  # what was accepted has its article, its own or another
            return any(each.kind is Kind.ARTICLE or each.status is Status.ACCEPTED for each in same)
        return any(each.kind is Kind.QUESTIONS and each.document_id == candidate.document_id for each in same)
