"""The shipped adapter of the sentiment encoder: written after its training, checked and merged before each use.

adapter.safetensors   float16: the changes of the base weights and the head
config.json           sha256 of the adapter and of the base weights, labels, max_length, temperature

Imported by training alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from bot.nlu.errors import SentimentModelError
from bot.nlu.sentiment_encoder import ADAPTER, CONFIG, LABELS, SHIPPED
from bot.nlu.sentiment_network import SentimentNetwork
from bot.nlu.sentiment_training import Learned, network_with
from bot.nlu.weights import PINNED, find_base_encoder, sha256_of

_DOWN, _UP, _HEAD = ".down", ".up", "head."


@dataclass(frozen=True)
class AdapterConfig:
    """What must fit for the adapter to mean what was measured."""

    adapter_sha256: str
    base_sha256: str
    labels: tuple[str, ...]
    max_length: int
    """Tokens that are read of a message."""
    temperature: float
    """The logits are divided by it before they become probabilities."""


def write_adapter(folder: Path, learned: Learned, max_length: int, temperature: float) -> AdapterConfig:
    """Both files into `folder`, made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"{_HEAD}{part}": value for part, value in learned.head.items()}
    for name, (down, up) in learned.changes.items():
        tensors |= {name + _DOWN: down, name + _UP: up}
    halves = {name: value.to(torch.float16).contiguous() for name, value in tensors.items()}
    save_file(halves, folder / ADAPTER)
    config = AdapterConfig(
        sha256_of(folder / ADAPTER), PINNED["model.safetensors"], LABELS, max_length, round(temperature, 3)
    )
    (folder / CONFIG).write_text(json.dumps(asdict(config), indent=2) + "\n", encoding="utf-8")
    return config


def read_adapter(folder: Path) -> tuple[AdapterConfig, Learned]:
    """Raises SentimentModelError where a file is missing, altered, or made for other weights than the pinned ones."""
    config = _read_config(folder)
    found = sha256_of(folder / ADAPTER)
    if found != config.adapter_sha256:
        raise SentimentModelError(
            f"{folder / ADAPTER} has sha256 {found}, not {config.adapter_sha256}: the weights were altered. "
            "Take the file from the repository again."
        )
    if config.base_sha256 != PINNED["model.safetensors"] or config.labels != LABELS:
        raise SentimentModelError(
            f"{folder / CONFIG} belongs to another base encoder or to other labels. "
            "Train the adapter again: python -m bot.nlu.train_sentiment --help."
        )
    tensors = {name: value.float() for name, value in load_file(folder / ADAPTER).items()}
    changed = [name.removesuffix(_DOWN) for name in tensors if name.endswith(_DOWN)]
    changes = {name: (tensors[name + _DOWN], tensors[name + _UP]) for name in changed}
    head = {name.removeprefix(_HEAD): value for name, value in tensors.items() if name.startswith(_HEAD)}
    return config, Learned(changes, head)


def merged_network(folder: Path = SHIPPED) -> tuple[AdapterConfig, SentimentNetwork]:
    """The pinned base encoder with the adapter of `folder` merged in, ready to be exported."""
    config, learned = read_adapter(folder)
    return config, network_with(find_base_encoder(), learned)


def _read_config(folder: Path) -> AdapterConfig:
    for name in (ADAPTER, CONFIG):
        if not (folder / name).is_file():
            raise SentimentModelError(f"There is no file {folder / name}. Take it from the repository again.")
    try:
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        return AdapterConfig(**{**values, "labels": tuple(values["labels"])})
    except (ValueError, KeyError, TypeError) as error:
        raise SentimentModelError(f"{folder / CONFIG} cannot be understood: {error!r}") from error
