"""`rapport kb check`: what needs an editor in the articles."""

from __future__ import annotations

import json
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from bot.cli.config import Config
from bot.cli.display import console, done, note, step
from bot.cli.kb_records import note_findings, read_use
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from knowledge.care.demand import FEWEST_ANSWERS
from knowledge.care.findings import Finding, Kind
from knowledge.care.report import CareReport, check_articles

_TITLES = {
    Kind.CONTRADICTION: "Contradictions: different amounts, days or hours for the same thing",
    Kind.EXPIRED: "Expired: no customer is told of them any more",
    Kind.BROKEN_LINK: "Broken links to other articles",
    Kind.DEMAND: "Asked, and no article says it",
    Kind.DUPLICATE: "Duplicates: two articles say the same",
    Kind.EXPIRING: "Expiring within 30 days",
    Kind.NOT_YET_VALID: "Not yet valid",
    Kind.TOO_SHORT: "Too short to answer anything",
    Kind.NEVER_CITED: "Never cited in an answer",
}


def check(config: Config, json_file: Path | None, strict: bool, limit: int) -> int:
    """Print the findings, keep those of two articles as knowledge gaps; 1 with `strict` where there are any.

    Raises KnowledgeError without an encoder or an index.
    """
    from knowledge.care.corpus import read_corpus
    from knowledge.embed import load_encoder
    from knowledge.index import open_index
    from knowledge.store import KnowledgeStore

    encoder = load_encoder(config.knowledge.encoder_folder)
    index = open_index(config.knowledge.index_folder, encoder.fingerprint)
    engine, now = open_database(config), utc_now()
    with engine.connect() as connection:
        use = read_use(connection)
    store = KnowledgeStore(config.knowledge.database)
    with step("Checking the articles") as running:
        corpus = read_corpus(store, index, now.date())
        report = check_articles(corpus, encoder, now.date(), use, running.count)
        running.result = f"{report.articles:,} articles, {report.passages:,} passages"
    store.close()
    with engine.begin() as connection:
        opened, closed = note_findings(connection, report.findings, now)
    _print(report, limit)
    if corpus.unindexed:
        note(f"{len(corpus.unindexed)} articles are not in the search index yet; `rapport train` brings them in.")
    if use.answers < FEWEST_ANSWERS:
        note(f"Only {use.answers} answers so far: from {FEWEST_ANSWERS} on, articles never cited are named.")
    if opened or closed:
        note(f"Knowledge gaps: {opened} noted, {closed} closed because they are gone.")
    if json_file is not None:
        content = {
            "articles": report.articles,
            "passages": report.passages,
            "findings": [each.as_json() for each in report.findings],
        }
        json_file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        done(f"All of it is in {json_file}")
    return 1 if strict and report.findings else 0


def _print(report: CareReport, limit: int) -> None:
    for kind in Kind:
        found = report.of(kind)
        if not found:
            continue
        if console.is_terminal:
            console.print(_table(kind, found[:limit], len(found)))
        else:  # lines to be searched
            console.print(f"{_TITLES[kind]} ({len(found)})")
            for each in found[:limit]:
                console.print(escape(_lines(each)))
        if len(found) > limit:
            note(f"{len(found) - limit} more; --limit shows them, --json FILE writes them.")
    counts = [_counted(len(found), kind) for kind in Kind if (found := report.of(kind))]
    done(f"{report.articles:,} articles: {', '.join(counts) or 'nothing to do'}")


def _counted(count: int, kind: Kind) -> str:
    is_noun = kind in (Kind.CONTRADICTION, Kind.BROKEN_LINK, Kind.DUPLICATE)
    return f"{count:,} {kind.value}{'s' if is_noun and count > 1 else ''}"


def _table(kind: Kind, findings: list[Finding], total: int) -> Table:
    table = Table(title=f"{_TITLES[kind]} ({total})", title_justify="left", title_style="bold", show_lines=True)
    for column in ("finding", "what shows it", "where"):
        table.add_column(column, overflow="fold")
    for each in findings:
        shown = "\n".join(one.text for one in each.evidence)
        where = "\n".join(dict.fromkeys(one.where for one in each.evidence if one.where))
        table.add_row(escape(each.message), escape(shown), escape(where))
    return table


def _lines(finding: Finding) -> str:
    shown = (f"    {each.where}: {each.text}" if each.where else f"    {each.text}" for each in finding.evidence)
    return "\n".join([f"  {finding.message}", *shown])
