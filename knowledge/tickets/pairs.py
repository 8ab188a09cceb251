"""Questions and answers of tickets that an encoder can learn the search from."""

from __future__ import annotations

from knowledge.store import KnowledgeStore
from knowledge.tickets.candidate import Candidate, Kind, Status
from knowledge.tickets.records import list_candidates


def ticket_pairs(store: KnowledgeStore) -> list[tuple[str, str]]:
    """Ways of asking with what answers them, once each: of all candidates but those rejected."""
    kept = [each for each in list_candidates(store) if each.status is not Status.REJECTED]
    return list(dict.fromkeys((way, _answer(store, each)) for each in kept for way in each.questions))


def _answer(store: KnowledgeStore, candidate: Candidate) -> str:
    """What agents answered, or the article's beginning once somebody has said that it answers this."""
    if candidate.kind is Kind.QUESTIONS and candidate.status is Status.ACCEPTED:
        for passage in store.list_passages([candidate.document_id])[:1]:
            return passage.text
    return candidate.answer
