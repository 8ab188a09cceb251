"""A small bot whose understanding is really trained, by Rasa, once for all tests that need it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

EXAMPLES = {
    "greet": "hello; hi; hey there; good morning; good evening; hi bot; hello again; hey; hiya; good day",
    "order_status": "where is my order; what is the state of my order; has my order been sent; track my order please; "
    "order status; when will my order come; is my order on its way; where are my things; "
    "status of order [104233](order_id); did you send my order yet",
    "return_items": "I want to return the [kettle](product); send it back; I would like to return this; how can I send "
    "my [lamp](product) back; return please; I don't want to keep the [office chair](product); take the "
    "[pan](product) back; start a return; return my [headphones](product); I need to give this back",
    "ask_person": "let me talk to a person; human please; I want an agent; connect me with somebody; is there a real "
    "person; give me support staff; agent; can I speak to someone; operator please; put me through to a colleague",
    "affirm": "yes; yep; sure; of course; that's right; correct; 👍; yes please; go ahead; exactly",
    "deny": "no; nope; not that; no thanks; 👎; rather not; never; don't; wrong; absolutely not",
}
PIPELINE = ("normalise.MessageNormaliser", "encoder.MessageEncoder", "intent_classifier.IntentClassifier",
            "entities.PatternEntityExtractor", "tagger.EntityTagger", "sentiment.SentimentAnalyser",
            "retriever.PassageRetriever")  # fmt: skip
# Enough to learn six intents, in seconds. By so few examples held out some seeds stop before an entity is learned.
QUICK = {"seed": 8, "frozen_layers": 4, "max_epochs": 6, "fewest_steps": 30, "batch_size": 12}


def write_bot(folder: Path, home: Path) -> None:
    pipeline = [{"name": f"bot.nlu.{name}"} for name in PIPELINE]
    pipeline[1] |= QUICK
    pipeline[3]["gazetteer"] = str(home / "gazetteer.json")
    # So few examples make nobody sure.
    pipeline[4] |= {"labels": ["product"], "threshold": 0.3}
    pipeline[6]["home"] = str(home)
    config = {"recipe": "default.v1", "language": "en", "assistant_id": "test", "pipeline": pipeline, "policies": []}
    examples = [
        {"intent": intent, "examples": "".join(f"- {text.strip()}\n" for text in texts.split(";"))}
        for intent, texts in EXAMPLES.items()
    ]
    domain = {"intents": [*EXAMPLES, "nlu_unsure", "nlu_ambiguous"], "entities": ["order_id", "product"]}
    for name, content in (("config.yml", config), ("nlu.yml", {"nlu": examples}), ("domain.yml", domain)):
        text = yaml.safe_dump({"version": "3.1", **content}, allow_unicode=True, sort_keys=False)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def trained_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a trained model; its data folder is `home` beside it."""
    from rasa.model_training import train_nlu

    folder = tmp_path_factory.mktemp("bot")
    home = folder / "home"
    home.mkdir()
    write_bot(folder, home)
    before = Path.cwd()
    os.chdir(folder)  # Rasa puts its cache into the current folder
    try:
        archive = train_nlu(
            str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder), domain=str(folder / "domain.yml")
        )
    finally:
        os.chdir(before)
    assert archive is not None
    return Path(archive)


@pytest.fixture(scope="session")
def served_sentiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `rapport train` makes of the shipped sentiment adapter."""
    from bot.nlu.sentiment_export import export_sentiment

    folder = tmp_path_factory.mktemp("sentiment")
    export_sentiment(folder)
    return folder
