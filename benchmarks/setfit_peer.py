"""SetFit, the peer for few examples, in a process of its own: `python -m benchmarks.setfit_peer JOB RESULT`.

JOB: `{"base", "texts", "labels", "test", "pairs", "seed"}` as JSON. RESULT: the label of each test text.
Tunstall et al.: Efficient Few-Shot Learning Without Prompts, 2022: the encoder learns from `pairs` pairs of each kind
(same intent, other intent) for an example, one epoch, batches of 16; then a logistic regression on its embeddings.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.datasets import Examples
from benchmarks.errors import PeerFailed
from benchmarks.nlu_models import Parsed, work_folder
from bot.cli.bot_training import RASA_ENVIRONMENT
from bot.cli.display import step
from bot.cli.process import last_lines
from bot.nlu.weights import find_base_encoder
from bot.settings import PROJECT

NAME = "SetFit, first draw"
# As in the paper (R = 20).
PAIRS, QUICK_PAIRS = 20, 1
MISSING = "SetFit was not measured: it is not installed (uv pip install -e '.[bench]')"


def is_installed() -> bool:
    return importlib.util.find_spec("setfit") is not None


def parse_with_setfit(name: str, examples: Examples, texts: Sequence[str], pairs: int, seed: int) -> list[Parsed]:
    """What SetFit, trained on `examples` (`name` says which), makes of each text: the label alone.

    Answers are kept, as training takes long.

    Raises:
        PeerFailed: it could not be trained; names the log.
    """
    job = json.dumps({
        "base": str(find_base_encoder()), "texts": examples.texts, "labels": examples.labels, "test": list(texts),
        "pairs": pairs, "seed": seed,
    })  # fmt: skip
    work = work_folder() / f"setfit-{name}"
    result = work / f"{hashlib.sha256((job + version('setfit')).encode()).hexdigest()[:16]}.json"
    if not result.is_file():
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        (work / "job.json").write_text(job, encoding="utf-8")
        with step(f"Training {NAME} on {name} ({len(examples):,} examples)"):
            _run(work, result)
    labels = json.loads(result.read_text(encoding="utf-8"))
    return [Parsed(label, ((label, 0.0),)) for label in labels]


def _run(work: Path, result: Path) -> None:
    log = work / "train.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.setfit_peer", str(work / "job.json"), str(result)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=PROJECT,
            env={**os.environ, **RASA_ENVIRONMENT},
        )  # fmt: skip
    if done.returncode != 0 or not result.is_file():
        said = (last_lines(log, 1) or ["nothing"])[0]
        raise PeerFailed(f"{NAME} could not be trained. It said: {said}. All of it is in {log}.")


def main() -> None:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    labels = _learn_and_answer(job)
    Path(sys.argv[2]).write_text(json.dumps(labels), encoding="utf-8")


def _learn_and_answer(job: dict[str, Any]) -> list[str]:
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    names = sorted(set(job["labels"]))
    examples = Dataset.from_dict({"text": job["texts"], "label": [names.index(label) for label in job["labels"]]})
    arguments = TrainingArguments(
        output_dir=str(Path(sys.argv[2]).parent / "checkpoints"),
        batch_size=16,
        num_epochs=1,
        num_iterations=job["pairs"],
        seed=job["seed"],
        report_to="none",
        save_strategy="no",
    )
    model = SetFitModel.from_pretrained(job["base"], local_files_only=True)
    Trainer(model=model, args=arguments, train_dataset=examples).train()
    return [names[int(number)] for number in model.predict(job["test"], batch_size=64)]


if __name__ == "__main__":
    main()
