"""Tickets and candidates in the passage database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from knowledge.errors import UnknownCandidate
from knowledge.store import KnowledgeStore
from knowledge.tickets.candidate import Candidate, Evidence, Kind, Status
from knowledge.tickets.ticket import Ticket

_TICKET = "ticket_id, question, answer, asked_on, rating, source"
_CANDIDATE = "candidate_id, kind, status, question, answer, questions, document_id, evidence, reason"


def keep_tickets(store: KnowledgeStore, tickets: Iterable[Ticket]) -> tuple[int, int]:
    """Store all of them, or none; one that is there already is replaced. Returns how many are new, and changed."""
    new = changed = 0
    with store.transaction():
        known = {ticket.ticket_id: ticket for ticket in list_tickets(store)}
        for ticket in tickets:
            former = known.get(ticket.ticket_id)
            new += former is None
            # The same export under another name changes nothing.
            changed += former is not None and replace(former, source="") != replace(ticket, source="")
            day = ticket.asked_on.isoformat() if ticket.asked_on else None
            values = (ticket.ticket_id, ticket.question, ticket.answer, day, ticket.rating, ticket.source)
            store.execute(f"INSERT OR REPLACE INTO tickets ({_TICKET}) VALUES (?, ?, ?, ?, ?, ?)", values)
    return new, changed


def list_tickets(store: KnowledgeStore, ticket_ids: Sequence[str] | None = None) -> list[Ticket]:
    """These tickets, or every one, the newest first."""
    wanted = None if ticket_ids is None else set(ticket_ids)
    rows = store.execute(f"SELECT {_TICKET} FROM tickets ORDER BY asked_on DESC, ticket_id")
    return [_ticket(row) for row in rows if wanted is None or row[0] in wanted]


def replace_proposals(store: KnowledgeStore, proposals: Iterable[Candidate]) -> None:
    """Exactly these wait for a decision; what was decided stays."""
    store.execute("DELETE FROM candidates WHERE status = ?", (Status.PROPOSED,))
    for candidate in proposals:
        put_candidate(store, candidate)


def put_candidate(store: KnowledgeStore, candidate: Candidate) -> None:
    values = (
        candidate.candidate_id,
        candidate.kind,
        candidate.status,
        candidate.question,
        candidate.answer,
        json.dumps(candidate.questions, ensure_ascii=False),
        candidate.document_id,
        json.dumps(candidate.evidence.to_json(), ensure_ascii=False),
        candidate.reason,
    )
    marks = ", ".join("?" * len(values))
    store.execute(f"INSERT OR REPLACE INTO candidates ({_CANDIDATE}) VALUES ({marks})", values)


def list_candidates(store: KnowledgeStore, status: Status | None = None) -> list[Candidate]:
    """Those of this status, or all, those of most tickets first."""
    found = [_candidate(row) for row in store.execute(f"SELECT {_CANDIDATE} FROM candidates")]
    kept = [each for each in found if status in (None, each.status)]
    return sorted(kept, key=lambda each: (-each.evidence.tickets, each.candidate_id))


def get_candidate(store: KnowledgeStore, candidate_id: str) -> Candidate:
    """By its id. Raises UnknownCandidate."""
    rows = store.execute(f"SELECT {_CANDIDATE} FROM candidates WHERE candidate_id = ?", (candidate_id,))
    if not rows:
        raise UnknownCandidate(
            f"there is no candidate '{candidate_id}'; `rapport kb candidates list --all` shows them all"
        )
    return _candidate(rows[0])


def _ticket(row: Sequence[Any]) -> Ticket:
    return Ticket(row[0], row[1], row[2], date.fromisoformat(row[3]) if row[3] else None, row[4], row[5])


def _candidate(row: Sequence[Any]) -> Candidate:
    return Candidate(
        candidate_id=row[0],
        kind=Kind(row[1]),
        status=Status(row[2]),
        question=row[3],
        answer=row[4],
        questions=tuple(json.loads(row[5])),
        document_id=row[6],
        evidence=Evidence.from_json(json.loads(row[7])),
        reason=row[8],
    )
