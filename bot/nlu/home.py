"""The data folder, for components that read from it while serving."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path:
    return Path(os.environ.get("RAPPORT_HOME") or "var")
