"""`python -m bot.serve`: Rasa's server with our channel, started faster than `rasa run` and warm at once."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

from bot import without_tensorflow

logger = logging.getLogger(__name__)


def main() -> int:
    """Serve until stopped; 1 with the reason in one sentence when the model or a file cannot be used."""
    arguments = _parser().parse_args()
    try:
        components = without_tensorflow.components_of(arguments.model)
    except ValueError as error:
        print(f"{arguments.model} is no trained model: {error}. Run `rapport train --force`.", file=sys.stderr)
        return 1
    if not without_tensorflow.needs_tensorflow(components):
        without_tensorflow.install()
    return _serve(arguments)


def _serve(arguments: argparse.Namespace) -> int:
    # Only now: what is imported depends on whether TensorFlow is.
    from rasa.core.run import serve_application
    from rasa.core.utils import AvailableEndpoints
    from rasa.shared.exceptions import RasaException
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.io import configure_colored_logging
    from rasa.utils.log_utils import configure_structlog

    configure_logging_and_warnings()
    configure_colored_logging(None)
    configure_structlog()
    try:
        serve_application(
            str(arguments.model),
            credentials=str(arguments.credentials),
            endpoints=AvailableEndpoints.read_endpoints(str(arguments.endpoints)),
            interface=arguments.interface,
            port=arguments.port,
            enable_api=False,
            server_listeners=[(_warm_up, "after_server_start")],
        )
    except RasaException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


async def _warm_up(app: Any, _loop: Any) -> None:
    """Understand one message before the first customer writes: indexes are opened, libraries loaded."""
    try:
        await app.ctx.agent.parse_message("Where is my order?")
    except Exception:
        logger.exception("The bot could not be warmed up; the first message takes longer.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.serve", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="archive that `rapport train` made")
    parser.add_argument("--endpoints", type=Path, required=True)
    parser.add_argument("--credentials", type=Path, required=True)
    parser.add_argument("--interface", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5005)
    return parser


if __name__ == "__main__":
    sys.exit(main())
