"""How the scripted customers talk; see phrases.yml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("phrases.yml")
_SAMPLES = {"order": "HV-104233", "product": "kettle", "method": "PayPal"}


@lru_cache
def phrases() -> Mapping[str, Any]:
    """The whole file."""
    content: Mapping[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content


def openings() -> list[str]:
    """Every first sentence, with something in place of the braces."""
    content = phrases()
    told = [text for texts in content["openings"].values() for text in texts]
    told += content["cancel_too_late"] + content["foreign_order"] + content["policy_questions"]
    told += [each["ask"] for each in content["questions"]]
    return list(dict.fromkeys(text.format_map(_SAMPLES) for text in told))
