"""The bot serves without TensorFlow when its model does not compute with it, and only then."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile

import pytest
import yaml

from bot.settings import PROJECT
from bot.without_tensorflow import components_of, config_needs_tensorflow, needs_tensorflow

OURS = ["bot.nlu.encoder.MessageEncoder", "rasa.core.policies.rule_policy.RulePolicy"]


@pytest.mark.parametrize(
    ("added", "needed"),
    [
        (None, False),
        ("rasa.core.policies.memoization.MemoizationPolicy", False),
        ("rasa.nlu.classifiers.diet_classifier.DIETClassifier", True),
        ("rasa.core.policies.ted_policy.TEDPolicy", True),
        ("rasa.nlu.selectors.response_selector.ResponseSelector", True),
        ("my_components.Classifier", True),
    ],
)
def test_components_that_compute_with_it_are_known(added, needed):
    assert needs_tensorflow([*OURS, *([added] if added else [])]) is needed


def test_the_pipeline_of_this_repository_does_not_need_it():
    pipeline = yaml.safe_load((PROJECT / "config.yml").read_text())["pipeline"]
    assert not needs_tensorflow([component["name"] for component in pipeline])


@pytest.mark.parametrize(
    ("written", "needed"),
    [
        ((PROJECT / "config.yml").read_text(encoding="utf-8"), False),
        ("pipeline: [{name: bot.nlu.encoder.MessageEncoder}, {name: DIETClassifier}]", True),
        ("pipeline: [{name: bot.nlu.encoder.MessageEncoder}]\npolicies: [{name: TEDPolicy}]", True),
        ("pipeline: [{name: my_components.Classifier}]", True),
        ("pipeline: [{nam: bot.nlu.encoder.MessageEncoder}]", True),
        ("pipeline: [", True),
    ],
)
def test_a_configuration_is_trained_without_it_only_if_all_of_it_is_known(tmp_path, written, needed):
    (tmp_path / "config.yml").write_text(written, encoding="utf-8")
    assert config_needs_tensorflow(tmp_path / "config.yml") is needed


def test_a_bot_is_trained_without_it(tmp_path):
    pipeline = [{"name": "bot.nlu.normalise.MessageNormaliser"}, {"name": "bot.nlu.spaces.MissingSpaces"}]
    config = {"recipe": "default.v1", "language": "en", "assistant_id": "test", "pipeline": pipeline}
    rules = [{"rule": "greet", "steps": [{"intent": "greet"}, {"action": "utter_greet"}]}]
    domain = {"intents": ["greet", "bye"], "responses": {"utter_greet": [{"text": "Hello"}]}}
    examples = [{"intent": intent, "examples": f"- {intent} you\n- {intent} all\n"} for intent in domain["intents"]]
    written = {
        "config.yml": config | {"policies": [{"name": "RulePolicy"}]},
        "domain.yml": domain,
        "data.yml": {"nlu": examples, "rules": rules},
    }
    for name, content in written.items():
        text = yaml.safe_dump({"version": "3.1", **content}, sort_keys=False)
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = ["--config", "config.yml", "--domain", "domain.yml", "--data", "data.yml", "--out", "."]
    script = (
        "import sys, bot.train; bot.train.main(); "
        "sys.exit(0 if type(sys.modules['tensorflow']).__module__ == 'bot.without_tensorflow' else 'the real one')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *files, "--fixed-model-name", "made"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "RASA_TELEMETRY_ENABLED": "false"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    assert (tmp_path / "made.tar.gz").is_file()


def test_components_are_read_from_the_model(tmp_path):
    metadata = json.dumps({"predict_schema": {"nodes": {"a": {"uses": OURS[0]}, "b": {"uses": OURS[1]}}}}).encode()
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("metadata.json")
        info.size = len(metadata)
        archive.addfile(info, io.BytesIO(metadata))
    assert components_of(tmp_path / "model.tar.gz") == OURS


def test_rasa_can_be_imported_without_it():
    script = (
        "from bot import without_tensorflow; without_tensorflow.install(); "
        "import rasa.core.run, rasa.engine.recipes.default_recipe, bot.nlu.encoder, sys; "
        "print(any(name.startswith('tensorflow.python') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False, cwd=PROJECT
    )
    assert done.stdout.split() == ["False"], done.stderr


def test_a_file_that_is_no_model_is_named_with_the_remedy(tmp_path):
    (tmp_path / "model.tar.gz").write_bytes(b"nothing")
    command = [sys.executable, "-m", "bot.serve", "--model", str(tmp_path / "model.tar.gz")]
    files = ["--endpoints", "bot/endpoints.yml", "--credentials", "bot/credentials.yml"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 1
    assert "rapport train" in done.stderr
    assert "Traceback" not in done.stderr
