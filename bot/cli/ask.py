"""`rapport ask`: one question to the articles, and why the answer is what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from bot.cli.config import Config
from bot.cli.display import console, note
from bot.cli.understood import understand
from knowledge.answer import Answer, AnswerStatus, compose, hits_for
from knowledge.documents import Passage
from knowledge.fusion import Weights
from knowledge.hits import Hit
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore

if TYPE_CHECKING:
    from knowledge.compose.write import Written

_SHOWN = 8


def ask(config: Config, question: str, tier: str | None, country: str | None) -> None:
    """Print what the bot answers, its sources and scores. Raises KnowledgeError without an encoder or an index."""
    from knowledge.embed import load_encoder
    from knowledge.index import open_index
    from knowledge.retrieve import open_retriever

    encoder = load_encoder(config.knowledge.encoder_folder)
    open_index(config.knowledge.index_folder, encoder.fingerprint)  # says what is wrong, where search finds nothing
    retriever = open_retriever(config.knowledge, encoder)
    understood = understand(config, question)
    if understood is None:
        hits = retriever.search(question, k=_SHOWN, audience=tier, country=country)
    else:
        question, hits = understood.text, list(understood.hits)
    answer = compose(retriever.store, question, hits, tier, country, config.knowledge)
    written = _written(config, retriever.store, question, hits, answer, tier, country)
    answer = written.answer if written is not None else answer
    hits = hits_for(retriever.store, hits, tier, country, config.knowledge)
    passages = retriever.store.get_passages(hit.passage_id for hit in hits)
    hits = [hit for hit in hits if hit.passage_id in passages]
    if understood is not None:
        intent = f"{understood.intent} ({understood.confidence:.0%})" if understood.intent else "no intent"
        console.print(escape(f'Understood as: "{understood.spelled}", {intent}'), end="\n\n")
    _print_answer(answer)
    console.print(_scores(hits, passages, answer))
    console.print(_why(answer, hits, config.knowledge, retriever.fusion.alone))
    console.print(escape(_who_wrote(answer, written)))
    if understood is None:
        note("There is no trained bot: the articles were searched for the question as it stands.")
    retriever.store.close()


def _written(
    config: Config,
    store: KnowledgeStore,
    question: str,
    hits: Sequence[Hit],
    answer: Answer,
    tier: str | None,
    country: str | None,
) -> Written | None:
    """In the words of the language model, None where the settings name none."""
    import asyncio

    from knowledge.compose.models import model_of
    from knowledge.compose.write import write_answer

    model = model_of(config.knowledge)
    if model is None:
        return None
    return asyncio.run(write_answer(model, store, question, hits, answer, tier, country, config.knowledge))


def _who_wrote(answer: Answer, written: Written | None) -> str:
    if answer.status is AnswerStatus.UNKNOWN:
        return ""
    if answer.composer:
        return f"Put into words by {answer.composer}; every sentence was checked against the passages."
    trouble = f"; the language model was of no help: {written.trouble}" if written is not None else ""
    return f"Sentences word for word from the articles{trouble}."


def _print_answer(answer: Answer) -> None:
    if answer.status is AnswerStatus.UNKNOWN:
        console.print("[bold]The articles do not answer this.[/]")
    else:
        console.print(escape(answer.text))
        for source in answer.sources:
            console.print(f"  Source: {escape(source.title)} [dim]({escape(source.passage_id)})[/]")
    if answer.near:
        console.print("  Near: " + ", ".join(escape(source.title) for source in answer.near))
    console.print()


def _scores(hits: Sequence[Hit], passages: dict[str, Passage], answer: Answer) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left")
    for name in ("", "score", "meaning", "words", "best sentence", "for"):
        table.add_column(name, justify="right" if name else "left")
    table.add_column("passage")
    used = {source.passage_id for source in answer.sources}
    for hit in hits:
        passage = passages[hit.passage_id]
        fit = {1: "this person", 0: "all", -1: "not known"}[hit.fit]
        title = " / ".join((passage.title, *passage.headings))
        table.add_row(
            "→" if hit.passage_id in used else "",
            f"{hit.score:.3f}",
            f"{hit.dense:.3f}",
            f"{hit.lexical:.3f}",
            f"{hit.support:.3f}",
            fit,
            escape(title),
        )
    return table


def _why(answer: Answer, hits: Sequence[Hit], settings: KnowledgeSettings, weights: Weights) -> str:
    if not hits:
        return "\nNo passage shares words or meaning with the question."
    judged = {
        AnswerStatus.ANSWERED: f"at least {settings.answer_threshold:g}, so it is given plainly",
        AnswerStatus.UNSURE: f"from {settings.unsure_threshold:g} up to {settings.answer_threshold:g}, "
        "so it is given with doubt",
        AnswerStatus.UNKNOWN: f"below {settings.unsure_threshold:g}, so nothing is claimed",
    }[answer.status]
    return (
        f"\nThe passages answer the question with probability {answer.probability:.2f}: {judged}.\n"
        f"Score = {weights.meaning:.2f} x meaning + {weights.words:.2f} x words, more for an article "
        "written for this person or on the topic of the intent."
    )
