from pathlib import Path

import pytest
from pydantic import ValidationError

from knowledge.settings import KnowledgeSettings


def test_paths_follow_from_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_HOME", "data")
    monkeypatch.setenv("RAPPORT_DENSE_WEIGHT", "0.7")
    settings = KnowledgeSettings()
    assert settings.database == Path("data/knowledge.db")
    assert settings.index_folder == Path("data/index")
    assert settings.encoder_folder == Path("data/encoder")
    assert settings.dense_weight == 0.7


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        KnowledgeSettings(dense_weight=1.5, candidates=0, colour="red")
    assert {error["loc"][0] for error in caught.value.errors()} == {"dense_weight", "candidates", "colour"}


def test_thresholds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="must not be above answer_threshold"):
        KnowledgeSettings(answer_threshold=0.3, unsure_threshold=0.4)
