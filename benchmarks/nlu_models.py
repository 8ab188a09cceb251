"""Rasa NLU models of the benchmarks: a pipeline trained by `rasa train nlu` on any texts and labels, and asked.

A model is made again when its examples, its pipeline, or what trains it changed; else the one from before is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from benchmarks.datasets import Examples
from benchmarks.errors import PeerFailed
from benchmarks.stock import FOLDER as STOCK
from bot.cli.bot_training import RASA_ENVIRONMENT
from bot.cli.config import read_config
from bot.cli.display import step
from bot.cli.process import last_lines
from bot.settings import PROJECT

OURS, DIET = "ours", "DIET"
# What of config.yml understands a message; the rest of it needs the shop.
_OWN_PARTS = ("MessageNormaliser", "MessageEncoder", "IntentClassifier")
# More than any data set has intents: the whole ranking and set are wanted.
_ALL = 10_000
_FALLBACK = "nlu_fallback"
# Rasa reads [text](label), [text]{...} and [text][...] as annotations and knows no escape.
_ANNOTATION = re.compile(r"\](?=[(\[{])")
_BRACKETS = str.maketrans("[]", "()")


@dataclass(frozen=True)
class Pipeline:
    """What is trained. It is another model when the versions of `packages`, the `code` files or `digest` change."""

    name: str
    components: Sequence[Mapping[str, Any]]
    packages: Sequence[str] = ("rasa", "scikit-learn")
    code: Sequence[Path] = ()
    digest: str = ""


@dataclass(frozen=True)
class TrainedModel:
    path: Path
    seconds: float
    """What the training took, all of `rasa train nlu`."""
    trained_now: bool


@dataclass(frozen=True)
class Parsed:
    """What a model makes of a message. `ranking` and `intent_set`: (label, confidence), likeliest first."""

    intent: str | None
    """What the pipeline decided for, which may be no label of the data."""
    ranking: tuple[tuple[str, float], ...]
    intent_set: tuple[tuple[str, float], ...] = ()
    out_of_scope: Mapping[str, Any] = field(default_factory=dict)
    """`score` (float, higher is more foreign) and `refused` (bool), where the pipeline has them."""
    entities: Sequence[Mapping[str, Any]] = ()
    """As Rasa gives them: `entity`, `start`, `end`, `value` and more."""

    @property
    def label(self) -> str | None:
        """The likeliest label."""
        return self.ranking[0][0] if self.ranking else None

    @property
    def confidence(self) -> float:
        return self.ranking[0][1] if self.ranking else 0.0

    def confidence_inside(self, out_of_scope: str) -> float:
        """Of the likeliest label that is not `out_of_scope`: one minus it is the max-softmax score."""
        return next((sure for label, sure in self.ranking if label != out_of_scope), 0.0)


def ours() -> Pipeline:
    """The bot's own components, with the settings of config.yml, telling all that they find."""
    content = yaml.safe_load((PROJECT / "config.yml").read_text(encoding="utf-8"))
    components = [dict(part) for part in content["pipeline"] if part["name"].rpartition(".")[2] in _OWN_PARTS]
    for part in components:
        if part["name"].endswith("MessageEncoder"):
            # A folder that is not there: what this installation's articles say is not to be learned.
            part["pairs"] = "benchmarks/no-pairs"
    # All digits: rounded, the surest messages would tie, which belittles max-softmax as a peer.
    components[-1].update(ranking_length=_ALL, longest_set=_ALL, decimals=17)
    files = ("bot/nlu/normalise.py", "bot/nlu/encoder.py", "bot/nlu/intent_classifier.py", "knowledge/embed.py")
    return Pipeline(
        OURS,
        components,
        ("rasa", "torch", "scikit-learn"),
        [PROJECT / file for file in files],
        _trained_by(components),
    )


def _trained_by(components: Sequence[Mapping[str, Any]]) -> str:
    """What Rasa's own cache asks the components for: a digest of the code that their training runs."""
    # The components import TensorFlow, which tells of the processor unless it is told not to.
    for name, value in RASA_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from rasa.shared.utils.common import class_from_module_path

    return "".join(class_from_module_path(part["name"]).fingerprint_addon(dict(part)) or "" for part in components)


def diet(epochs: int) -> Pipeline:
    """Rasa's default pipeline, as in stock/config.yml."""
    content = yaml.safe_load((STOCK / "config.yml").read_text(encoding="utf-8"))
    components = [dict(part) for part in content["pipeline"]]
    for part in components:
        if "epochs" in part:
            part["epochs"] = epochs
    return Pipeline(DIET, components, ("rasa", "tensorflow-cpu", "scikit-learn"))


def work_folder() -> Path:
    """Where the benchmarks' NLU models lie."""
    return read_config().home / "benchmarks" / "nlu"


def train(pipeline: Pipeline, data: str, examples: Examples, folder: Path | None = None) -> TrainedModel:
    """The model of `pipeline` on `examples`; `data` names them. Models are kept in `folder`, one for each `data`.

    Raises:
        PeerFailed: Rasa could not train it; names the log.
    """
    name = f"{pipeline.name.lower()}-{data}"
    folder = folder or work_folder()
    work = folder / f"{name}-{_fingerprint(pipeline, examples)}"
    model, facts = work / "model.tar.gz", work / "facts.json"
    if model.is_file() and facts.is_file():
        return TrainedModel(model, float(json.loads(facts.read_text(encoding="utf-8"))["seconds"]), trained_now=False)
    for former in folder.glob(f"{name}-*"):
        if re.fullmatch(re.escape(name) + "-[0-9a-f]{16}", former.name):
            shutil.rmtree(former)
    write_project(work, pipeline, examples)
    with step(f"Training {pipeline.name} on {data} ({len(examples):,} examples)"):
        seconds = _train(work, pipeline.name)
    facts.write_text(json.dumps({"seconds": round(seconds, 1)}), encoding="utf-8")
    return TrainedModel(model, seconds, trained_now=True)


def parse(model: TrainedModel, texts: Sequence[str]) -> list[Parsed]:
    """What the model makes of each text, in a process of its own.

    Raises:
        PeerFailed: it could not be loaded or asked.
    """
    answers = _ask("benchmarks.nlu_parse", model.path, texts)
    return [_read(answer) for answer in answers]


def milliseconds(model: TrainedModel, texts: Sequence[str]) -> float:
    """Median time of a message, on one core with one thread."""
    taken: list[float] = _ask("benchmarks.understanding", model.path, texts)
    return statistics.median(taken)


def write_project(work: Path, pipeline: Pipeline, examples: Examples) -> None:
    """`config.yml`, `domain.yml` and `nlu.yml` in `work`."""
    work.mkdir(parents=True, exist_ok=True)
    config = {
        "recipe": "default.v1",
        "language": "en",
        "assistant_id": "benchmark",
        "pipeline": [dict(each) for each in pipeline.components],
    }
    (work / "config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    domain = {"version": "3.1", "intents": sorted(set(examples.labels))}
    (work / "domain.yml").write_text(yaml.safe_dump(domain), encoding="utf-8")
    (work / "nlu.yml").write_text(nlu_yaml(examples), encoding="utf-8")


def nlu_yaml(examples: Examples) -> str:
    """The examples as Rasa's training data, one line each, with their BIO tags as annotations where they have tags.

    Nothing in a text is left that Rasa would read as an annotation of its own.
    """
    lines_of: dict[str, list[str]] = defaultdict(list)
    for row, (text, label) in enumerate(zip(examples.texts, examples.labels, strict=True)):
        line = annotated(text.split(), examples.tags[row]) if examples.tags else _plain(text)
        if line:
            lines_of[label].append(f"    - {line}")
    # Rasa decodes backslashes in a file that is all ASCII; the dash in the first line spares the examples that.
    parts = ["# Training data of a benchmark \N{EN DASH} written anew for each run", 'version: "3.1"', "nlu:"]
    for label, lines in sorted(lines_of.items()):
        parts += [f"- intent: {json.dumps(label)}", "  examples: |", *lines]
    return "\n".join(parts) + "\n"


def annotated(tokens: Sequence[str], tags: Sequence[str]) -> str:
    """`book a [table](object)`: tokens and their BIO tags in Rasa's form. An `I-` that continues nothing begins."""
    parts: list[tuple[str, list[str]]] = []
    former = "O"
    for token, tag in zip(tokens, tags, strict=True):
        kind = tag[2:]
        if tag != "O" and tag.startswith("I-") and former[2:] == kind:
            parts[-1][1].append(token)
        else:
            parts.append((kind, [token]))
        former = tag
    words = ((kind, _plain(" ".join(span))) for kind, span in parts)
    return " ".join(f"[{text.translate(_BRACKETS)}]({kind})" if kind else text for kind, text in words)


def _plain(text: str) -> str:
    """On one line; control characters are no YAML."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return _ANNOTATION.sub("] ", line)


def _train(work: Path, name: str) -> float:
    """Seconds that it took."""
    command = [
        sys.executable, "-m", "rasa", "train", "nlu",
        "--config", str(work / "config.yml"),
        "--domain", str(work / "domain.yml"),
        "--nlu", str(work / "nlu.yml"),
        "--out", str(work),
        "--fixed-model-name", "model.tar.gz",
    ]  # fmt: skip
    # Rasa's own cache is off: nothing of an earlier run shall shorten this one.
    cache = {"RASA_CACHE_DIRECTORY": str(work / "cache"), "RASA_MAX_CACHE_SIZE": "0"}
    log = work / "train.log"
    began = time.monotonic()
    with log.open("wb") as output:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=PROJECT,
            env={**os.environ, **RASA_ENVIRONMENT, **cache},
        )  # fmt: skip
    seconds = time.monotonic() - began
    shutil.rmtree(work / "cache", ignore_errors=True)
    if done.returncode != 0 or not (work / "model.tar.gz").is_file():
        said = (last_lines(log, 1) or ["nothing"])[0]
        raise PeerFailed(f"{name} could not be trained. It said: {said}. All of it is in {log}.")
    return seconds


def _ask(module: str, model: Path, texts: Sequence[str]) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-m", module, str(model)],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={**os.environ, **RASA_ENVIRONMENT},
    )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise PeerFailed(f"The model {model} could not be asked. It said: {said}.")
    # Libraries may print too; the answers are the last line.
    answers: list[Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answers


def _read(answer: Mapping[str, Any]) -> Parsed:
    ranking, likely = (
        tuple((each["name"], each["confidence"]) for each in answer[key] if each["name"] != _FALLBACK)
        for key in ("ranking", "intent_set")
    )
    return Parsed(answer["intent"], ranking, likely, answer["out_of_scope"], answer["entities"])


def _fingerprint(pipeline: Pipeline, examples: Examples) -> str:
    digest = hashlib.sha256(nlu_yaml(examples).encode())
    digest.update(json.dumps(list(map(dict, pipeline.components)), sort_keys=True).encode())
    digest.update(" ".join(version(package) for package in pipeline.packages).encode())
    digest.update(pipeline.digest.encode())
    for path in pipeline.code:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
