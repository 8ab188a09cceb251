"""`python -m bot.cli.projector`: copies what was said from the bot's event log into the shop's database.

Beside it, once a day, running experiments are looked at, so that a guardrail stops one when nobody else looks.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from types import FrameType

import sqlalchemy

from bot.cli.config import read_config
from bot.cli.daily_looks import look_daily
from bot.cli.errors import CliError
from crm_models.database import check_version, create_engine
from crm_models.errors import CrmError
from crm_models.next_action.live import LivePolicy
from crm_models.projector import run


def main() -> int:
    """Projects until told to stop; 2 when it cannot start, with the reason in one sentence."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        config = read_config()
        shop = create_engine(config.crm.database_url)
        check_version(shop)
    except (CliError, CrmError) as error:
        print(error, file=sys.stderr)
        return 2
    margin = LivePolicy(lambda: config.crm.offer_policy_file).margin
    threading.Thread(target=look_daily, args=(shop, margin, stopping), name="experiments", daemon=True).start()
    # A plain engine: the one of the shop would lock the log that it only reads.
    run(shop, sqlalchemy.create_engine(config.bot.tracker, future=True), stopping.is_set)
    return 0


if __name__ == "__main__":
    sys.exit(main())
