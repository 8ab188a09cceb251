"""Takes the encoder out of a trained model, for the programs that index articles without Rasa."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from bot.nlu.errors import EncoderArchiveError
from bot.nlu.weights import sha256_of

FILES = ("model.onnx", "tokenizer.json", "encoder.json")
# The largest of the files is 92 MB; an archive that claims much more is not one of ours.
LARGEST_FILE = 2 * 1024**3


def extract_encoder(model_tar: Path, target: Path) -> str:
    """Puts the encoder of `model_tar` (written by `rasa train`) into the folder `target` and returns its fingerprint.

    The folder is exchanged as a whole: readers find the former encoder or the new one, and after an error the
    former. Raises `EncoderArchiveError` for an archive without an encoder or with a damaged one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as made:
        fresh = Path(made) / "fresh"
        fresh.mkdir()
        try:
            with tarfile.open(model_tar, "r:*") as archive:
                for member in _members(archive, model_tar):
                    _copy(archive, member, fresh)
        except (tarfile.TarError, EOFError, OSError) as error:
            raise EncoderArchiveError(f"{model_tar} cannot be read: {error}. Train again.") from error
        fingerprint = _checked_fingerprint(fresh, model_tar)
        former = Path(made) / "former"
        if target.exists():
            target.rename(former)
        try:
            fresh.rename(target)
        except OSError:
            if former.exists():
                former.rename(target)
            raise
    return fingerprint


def _members(archive: tarfile.TarFile, model_tar: Path) -> list[tarfile.TarInfo]:
    """The encoder's files: those that lie in one folder together with an encoder.json."""
    by_folder: dict[PurePosixPath, dict[str, tarfile.TarInfo]] = {}
    for member in archive:
        path = PurePosixPath(member.name)
        if path.name in FILES:
            by_folder.setdefault(path.parent, {})[path.name] = member
    complete = [found for found in by_folder.values() if len(found) == len(FILES)]
    if len(complete) != 1:
        raise EncoderArchiveError(
            f"{model_tar} holds {len(complete)} encoders instead of one. Train with "
            "bot.nlu.encoder.MessageEncoder in the pipeline of config.yml."
        )
    return list(complete[0].values())


def _copy(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    # Written under a name of ours, from a plain file alone: no link and no path of the archive is followed.
    source = archive.extractfile(member) if member.isreg() and member.size <= LARGEST_FILE else None
    if source is None:
        raise EncoderArchiveError(f"{member.name} in the model archive is not a plain file of a sound size.")
    with source, (folder / PurePosixPath(member.name).name).open("wb") as file:
        shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())


def _checked_fingerprint(folder: Path, model_tar: Path) -> str:
    try:
        stated = str(json.loads((folder / "encoder.json").read_text(encoding="utf-8"))["fingerprint"])
    except (ValueError, KeyError, TypeError) as error:
        raise EncoderArchiveError(f"encoder.json in {model_tar} cannot be understood. Train again.") from error
    if stated != sha256_of(folder / "model.onnx"):
        raise EncoderArchiveError(f"The encoder in {model_tar} is not the one that was trained. Train again.")
    return stated
