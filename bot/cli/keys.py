"""The secrets of one installation: made once, readable by their owner alone."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from bot.cli.config import Config
from bot.cli.errors import BadSecrets

NAMES = ("token_key", "session_key", "bot_key", "action_key")
MIN_BYTES = 32


def read_keys(config: Config) -> dict[str, str]:
    """The keys by name: from the environment, else from `{home}/secrets.json`, which is made or completed.

    Raises:
        BadSecrets: the file cannot be understood, or a key is too short.
    """
    path = config.home / "secrets.json"
    stored = read_private(path)
    missing = [name for name in NAMES if not stored.get(name)]
    if missing:
        stored |= {name: secrets.token_urlsafe(48) for name in missing}
        write_private(path, stored)
    keys = {name: getattr(config.bot, name) or stored[name] for name in NAMES}
    short = [name for name, value in keys.items() if len(value.encode()) < MIN_BYTES]
    if short:
        named = ", ".join(f"RAPPORT_{name.upper()}" for name in short)
        raise BadSecrets(
            f"{named} must have {MIN_BYTES} bytes or more. Unset it and remove it from {path}: "
            "`rapport up` then makes a good one."
        )
    return keys


def read_private(path: Path) -> dict[str, str]:
    """The texts by name in a file of ours; nothing when there is none. Others lose the right to read it."""
    try:
        if not path.exists():
            return {}
        path.chmod(0o600)
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadSecrets(f"{path} cannot be read ({error}). Remove it: it is made again.") from error
    if not isinstance(stored, dict) or not all(isinstance(value, str) for value in stored.values()):
        raise BadSecrets(f"{path} does not hold texts by name. Remove it: it is made again.")
    return stored


def write_private(path: Path, values: Mapping[str, str]) -> None:
    """Write texts by name to a file of ours."""
    write_text(path, json.dumps(dict(values), indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write as a whole or not at all, never readable by others, not even for a moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    aside.replace(path)
