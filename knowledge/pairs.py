"""Questions and the texts that answer them, taken from the articles: what an encoder can learn the search from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from knowledge.documents import Passage
from knowledge.store import KnowledgeStore


def question_answer_pairs(store: KnowledgeStore) -> list[tuple[str, str]]:
    """What each passage is headed by and what it says, once each, in the order of the passages."""
    return list(dict.fromkeys(_pairs(store.list_passages())))


def write_pairs(path: Path, pairs: Iterable[tuple[str, str]]) -> None:
    """As JSON lines with `question` and `answer`; the file is exchanged as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"question": question, "answer": answer}, ensure_ascii=False) for question, answer in pairs]
    fresh = path.with_suffix(".new")
    fresh.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    fresh.replace(path)


def _pairs(passages: Iterable[Passage]) -> Iterator[tuple[str, str]]:
    for passage in passages:
        question = f"{passage.title}: {passage.heading}" if passage.heading else passage.title
        # Without the title in it: an answer that repeats its question would be found by the words alone.
        yield question, passage.text
