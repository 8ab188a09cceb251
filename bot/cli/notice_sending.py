"""What `rapport notices` does."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from bot.cli import prepare
from bot.cli.config import Config
from bot.cli.display import console, done, note
from bot.cli.errors import BadSettings
from bot.cli.keys import read_keys
from bot.cli.shop import utc_now
from crm_models.database import reading
from crm_models.proactive import notices
from crm_models.proactive.kinds import Dropped, Notice
from crm_models.proactive.policy import read_notice_policy
from web.notices.sender import Sender
from web.notices.words import load_notice_words

STATES = (notices.DUE, notices.SENT, notices.DROPPED)


def due(config: Config) -> None:
    engine, sender, now = prepare.open_database(config), _sender(config), utc_now()
    # Done in full and taken back: what is told is what would happen.
    with engine.connect() as connection, connection.begin() as transaction:
        found = sender.find_and_settle(connection, now)
        transaction.rollback()
    _show(found, "Nothing is due.", sent="would go")
    would = sum(each.status == notices.SENT for each in found)
    note(f"{would} would be sent now. Nothing was; `rapport notices send` does it, and so does a running web process.")


def send(config: Config) -> None:
    found = _sender(config).find_and_send(prepare.open_database(config), utc_now())
    _show(found, "Nothing is due.")
    done(f"{sum(each.status == notices.SENT for each in found)} sent")


def show(config: Config, status: str | None, customer_id: str | None, limit: int) -> None:
    if status is not None and status not in STATES:
        raise BadSettings(f"--status is {status!r}; give one of {', '.join(STATES)}.")
    with reading(prepare.open_database(config)) as connection:
        found = notices.list_notices(connection, status, customer_id, limit)
    _show(found, "There are none.")


def _sender(config: Config) -> Sender:
    words = load_notice_words(config.web.notices_file, config.web.words_file)
    policy = read_notice_policy(config.home)
    return Sender(policy, words, read_keys(config)["token_key"], config.web.base_url)


def _show(found: Iterable[Notice], nothing: str, sent: str = notices.SENT) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("no.", "customer", "message", "about", "state", "how or why", "due (UTC)"):
        table.add_column(heading, no_wrap=heading != "how or why")
    for each in found:
        why = each.dropped_because or each.held_because or each.channel or ""
        if each.dropped_because == Dropped.EXPIRED.value and each.held_because:
            why = f"expired: {each.held_because}"
        table.add_row(
            str(each.notice_id),
            each.customer_id,
            each.kind.value,
            each.about,
            sent if each.status == notices.SENT else each.status,
            why.replace("_", " "),
            f"{each.due_at:%d %b %H:%M}",
        )
    if table.row_count:
        console.print(table)
    else:
        note(nothing)
