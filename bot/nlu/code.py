"""What a component's training runs besides its own class, for Rasa's cache, which looks at the class alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

_FOLDER = Path(__file__).parent


def code_digest(*modules: str) -> str:
    """A digest of the sources of modules of this package; a trained part is made again when it changes."""
    digest = hashlib.sha256()
    for name in modules:
        digest.update((_FOLDER / f"{name}.py").read_bytes())
    return digest.hexdigest()
