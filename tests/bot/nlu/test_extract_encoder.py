from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from bot.nlu.errors import EncoderArchiveError
from bot.nlu.extract import extract_encoder

MODEL = b"not a real model"
FINGERPRINT = hashlib.sha256(MODEL).hexdigest()
FOLDER = "components/train_encoder"


def archive(path: Path, files: dict[str, bytes], link: str | None = None) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(member)
    return path


def encoder(folder: str = FOLDER, fingerprint: str = FINGERPRINT) -> dict[str, bytes]:
    facts = json.dumps({"fingerprint": fingerprint, "dimension": 384, "max_length": 128}).encode()
    return {f"{folder}/model.onnx": MODEL, f"{folder}/tokenizer.json": b"{}", f"{folder}/encoder.json": facts}


def test_the_three_files_come_out_and_replace_the_former(tmp_path: Path) -> None:
    target = tmp_path / "home" / "encoder"
    target.mkdir(parents=True)
    (target / "old.txt").write_text("old", encoding="utf-8")
    tar = archive(tmp_path / "model.tar.gz", encoder() | {"metadata.json": b"{}"})
    assert extract_encoder(tar, target) == FINGERPRINT
    assert sorted(file.name for file in target.iterdir()) == ["encoder.json", "model.onnx", "tokenizer.json"]
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"components/x/model.onnx": MODEL},
        encoder("a") | encoder("b"),
        encoder(fingerprint="0" * 64),
    ],
)
def test_an_unfit_archive_is_refused_and_the_former_stays(tmp_path: Path, files: dict[str, bytes]) -> None:
    target = tmp_path / "encoder"
    target.mkdir()
    (target / "encoder.json").write_text("former", encoding="utf-8")
    with pytest.raises(EncoderArchiveError):
        extract_encoder(archive(tmp_path / "model.tar.gz", files), target)
    assert (target / "encoder.json").read_text(encoding="utf-8") == "former"


def test_a_path_upwards_writes_nothing_outside(tmp_path: Path) -> None:
    tar = archive(tmp_path / "model.tar.gz", encoder("../../outside"))
    extract_encoder(tar, tmp_path / "home" / "encoder")
    assert not (tmp_path.parent / "outside").exists() and not (tmp_path / "outside").exists()


def test_a_link_is_refused(tmp_path: Path) -> None:
    files = encoder()
    del files[f"{FOLDER}/tokenizer.json"]
    tar = archive(tmp_path / "model.tar.gz", files, link=f"{FOLDER}/tokenizer.json")
    with pytest.raises(EncoderArchiveError, match="plain file"):
        extract_encoder(tar, tmp_path / "encoder")


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"hello")
    with pytest.raises(EncoderArchiveError, match="cannot be read"):
        extract_encoder(tmp_path / "model.tar.gz", tmp_path / "encoder")
