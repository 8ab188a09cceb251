"""`python -m bot.train`: takes what `rasa train` takes, and starts without TensorFlow where the configuration has no
use for it, which saves some 8 seconds of a processor."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bot import without_tensorflow


def main() -> int:
    """Train as Rasa does, whose messages and exit code are those of `rasa train`."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--config", type=Path, required=True)
    known, _ = parser.parse_known_args()
    if not without_tensorflow.config_needs_tensorflow(known.config):
        without_tensorflow.install()
    # Only now: importing Rasa imports TensorFlow, or what stands in its place.
    from rasa.__main__ import main as rasa

    sys.argv = ["rasa", "train", *sys.argv[1:]]
    rasa()
    return 0


if __name__ == "__main__":
    sys.exit(main())
