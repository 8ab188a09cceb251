"""The search index over the articles, made again when an article or the encoder changed."""

from __future__ import annotations

import json

from bot.cli.config import Config
from bot.cli.display import step
from bot.cli.fingerprints import index_fingerprint, note_trained, read_trained
from knowledge.errors import KnowledgeError
from knowledge.store import KnowledgeStore


def refresh_index(config: Config) -> bool:
    """Bring the index up to the articles; False when it was. A running bot takes the new one within a second.

    Raises:
        KnowledgeError: there is no usable encoder, or a file cannot be written.
    """
    from knowledge.build import build_index
    from knowledge.embed import load_encoder
    from knowledge.index import current_version

    fingerprint = _fingerprint(config)
    present = current_version(config.knowledge.index_folder) is not None
    if present and fingerprint is not None and read_trained(config.home).get("index") == fingerprint:
        return False
    with step("Building the search index") as running:
        encoder = load_encoder(config.knowledge.encoder_folder, threads=2)
        report = build_index(config.knowledge, encoder, running.count)
        running.result = f"{report.passages} passages"
    note_trained(config.home, index=_fingerprint(config))
    return report.written


def _fingerprint(config: Config) -> str | None:
    """Of what the index is made from now; None without an encoder."""
    try:
        values = json.loads((config.knowledge.encoder_folder / "encoder.json").read_text(encoding="utf-8"))
        encoder = str(values["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    store = KnowledgeStore(config.knowledge.database)
    try:
        return index_fingerprint(encoder, store.sources(), config.knowledge.exact_limit)
    except KnowledgeError:
        return None
    finally:
        store.close()
