"""`rapport nlu check`: what is wrong with the examples of the intents."""

from __future__ import annotations

import json
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from bot.cli.config import Config
from bot.cli.display import console, done, note, step
from bot.nlu.errors import BaseEncoderError
from bot.nlu_tools.alike import AlikeSettings
from bot.nlu_tools.check import Beside, Checked, CheckSettings
from bot.nlu_tools.check import check as check_examples
from bot.nlu_tools.domain import find_domain, read_names
from bot.nlu_tools.encoders import FrozenEncoder, encode_cached
from bot.nlu_tools.examples import read_examples
from bot.nlu_tools.findings import Finding, Kind
from bot.nlu_tools.same_text import find_held_out, read_held_out
from bot.settings import PROJECT
from knowledge.embed import Encoder, load_encoder

OUR_DATA = PROJECT / "bot" / "data" / "nlu"
_TITLES = {
    Kind.CONFLICT: "Conflicting: the same under two intents",
    Kind.LEAKAGE: "Leaking: held out, and an example as well",
    Kind.UNKNOWN: "Unknown: names that examples and domain do not share",
    Kind.ENTITY: "Entities: marks that contradict each other",
    Kind.MISLABELLED: "Mislabelled: contradicted by the other examples",
    Kind.OVERLAP: "Overlapping: intents that are hard to tell apart",
    Kind.DUPLICATE: "Duplicate: the same again in one intent",
    Kind.THIN: "Thin: too few examples, or too much alike",
}


def check(config: Config, data: Path | None, json_file: Path | None, strict: bool, fewest: int, limit: int) -> int:
    """Print the findings; 1 with `strict` where one is serious, otherwise 0."""
    folder = data or OUR_DATA
    examples = read_examples(folder)
    encoder = label_free_encoder(config)
    texts = [each.text for each in examples]
    with step("Reading the examples") as running:
        vectors = encode_cached(encoder, texts, config.home / "vectors", running.count)
        which = "base" if isinstance(encoder, FrozenEncoder) else "trained"
        running.result = (
            f"{len(examples):,} of {len({each.intent for each in examples})} intents, by the {which} encoder"
        )
    beside = _beside(folder)
    with step("Checking them") as running:
        settings = CheckSettings(alike=AlikeSettings(fewest=fewest))
        checked = check_examples(examples, vectors, beside, settings, running.count)
    for kind in Kind:
        if found := checked.of(kind):
            _show(kind, found, limit)
    _sum_up(checked)
    if json_file is not None:
        content = {"data": str(folder), "encoder": which, **checked.as_json()}
        json_file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        done(f"All of it is in {json_file}")
    return 1 if strict and checked.serious else 0


def label_free_encoder(config: Config) -> Encoder:
    """The base encoder. The trained one has seen the labels that are to be checked, and takes over only without it."""
    try:
        return FrozenEncoder()
    except BaseEncoderError as error:
        note(f"{error}")
        encoder = load_encoder(config.knowledge.encoder_folder)
        note("The trained encoder is used instead. It has learned these labels, so fewer wrong ones stand out.")
        return encoder


def _beside(folder: Path) -> Beside:
    domain, held_out = find_domain(folder), find_held_out(folder)
    if domain is None:
        note(f"There is no domain beside {folder} or above it, so names are not checked.")
    return Beside(
        read_names(domain) if domain else None,
        read_held_out(held_out) if held_out else None,
        held_out or Path(),
    )


def _show(kind: Kind, findings: list[Finding], limit: int) -> None:
    if console.is_terminal:
        console.print(_table(kind, findings[:limit], len(findings)))
    else:  # a line for each, to be searched
        console.print(f"{_TITLES[kind]} ({len(findings)})")
        for each in findings[:limit]:
            console.print(escape(f"  {_line(each)}"))
    if len(findings) > limit:
        note(f"{len(findings) - limit} more; --limit shows them, --json FILE writes them.")


def _line(finding: Finding) -> str:
    if not finding.examples:
        return finding.message
    first = finding.examples[0]
    return f"{first.place}: {first.intent}: {first.marked}: {finding.message}"


def _table(kind: Kind, findings: list[Finding], total: int) -> Table:
    table = Table(title=f"{_TITLES[kind]} ({total})", title_justify="left", title_style="bold", show_lines=False)
    for column in ("where", "intent", "example", "finding"):
        table.add_column(column, overflow="fold")
    for each in findings:
        first = each.examples[0] if each.examples else None
        cells = (first.place, first.intent, first.marked, each.message) if first else ("", "", "", each.message)
        table.add_row(*map(escape, cells), style="red" if each.serious else None)
    return table


def _sum_up(checked: Checked) -> None:
    counts = [f"{len(found)} {kind.value}" for kind in Kind if (found := checked.of(kind))]
    what = ", ".join(counts) or "nothing"
    serious = f"; {checked.serious} serious" if checked.serious else ""
    done(f"{checked.examples:,} examples of {checked.intents} intents: {what}{serious}")
