"""What training a component came to, in a sentence: kept in the model, to be said also when nothing was made anew."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath

REPORT_FILE = "report.txt"


def write_report(folder: Path, said: str) -> None:
    """Into the folder of the component's resource, and to the log of the training."""
    (folder / REPORT_FILE).write_text(said + "\n", encoding="utf-8")
    print(said)


def read_reports(model_tar: Path) -> list[str]:
    """The sentences of all components of a trained model, in alphabetical order."""
    with tarfile.open(model_tar, "r:*") as archive:
        files = (archive.extractfile(each) for each in archive if PurePosixPath(each.name).name == REPORT_FILE)
        return sorted(file.read().decode("utf-8").strip() for file in files if file)
