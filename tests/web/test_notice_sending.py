"""Messages are sent once, whoever dies or sends too; into the window or by mail, in the domain's words."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Engine

from bot.settings import PROJECT
from crm_models.consents import Purpose, set_consent
from crm_models.proactive import notices
from crm_models.proactive.kinds import NoticeKind
from crm_models.tables import customers, deliveries, mails, orders, shipments, stock_watches
from crm_models.tables import notices as table
from tests.web.agent import Agent
from tests.web.conftest import KEYS, Web, token_for
from tests.web.fake_bot import FakeBot
from tests.web.serving import eventually
from web.notices.sender import Sender
from web.services import build_sender, utc_now
from web.settings import WebSettings

ADA, ORDER = "C-000001", "HV-104233"
NOON = datetime(2026, 5, 13, 10, 0)
# What a killed sender runs: the same as the web process, with the mail's row written and the transaction open.
_HANGING = """
import sys, time
from datetime import datetime
from pathlib import Path
from crm_models.database import create_engine
from web.notices import sender
from web.services import build_sender
from web.settings import Keys, WebSettings

def hang(*arguments):
    real(*arguments)
    print("written", flush=True)
    time.sleep(60)

real, sender.queue_mail = sender.queue_mail, hang
home = Path(sys.argv[1])
made = build_sender(WebSettings(home=home), Keys("t" * 40, "s" * 40, "b" * 40))
made.find_and_send(create_engine(f"sqlite:///{home / 'rapport.db'}"), datetime(2026, 5, 13, 10, 0))
"""


@pytest.fixture
def late(engine: Engine) -> Engine:
    """Ada wants to hear of late deliveries, and has one."""
    with engine.begin() as connection:
        set_consent(connection, ADA, Purpose.NOTICE_DELIVERY_LATE, True, "chat", NOON - timedelta(days=1))
        connection.execute(update(orders).values(promised_on=NOON - timedelta(days=3)))
        connection.execute(
            insert(shipments).values(
                order_id=ORDER, tracking_id="T-77", carrier="Swiftpost", status="in_transit", shipped_at=NOON
            )
        )
    return engine


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    return build_sender(WebSettings(home=tmp_path, public_url="https://chat.example.com/"), KEYS)


def count(engine: Engine, what: Any) -> int:
    with engine.begin() as connection:
        return int(connection.execute(select(func.count()).select_from(what)).scalar_one())


def test_a_mail_says_it_in_the_domains_words_with_a_link_that_stops_it(late: Engine, sender: Sender) -> None:
    (notice,) = sender.find_and_send(late, NOON)
    assert (notice.status, notice.channel) == ("sent", "mail")
    with late.begin() as connection:
        mail = connection.execute(select(mails)).one()
    assert (mail.recipient, mail.template) == ("ada@example.org", "notice_delivery_late")
    assert mail.fields["subject"] == f"Your order {ORDER} is late"
    assert "promised for 10 May 2026" in mail.fields["text"] and "T-77" in mail.fields["text"]
    url = mail.fields["unsubscribe_url"]
    assert url.startswith("https://chat.example.com/messages/stop/") and url in mail.fields["text"]
    assert mail.fields["headers"] == {
        "List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }  # fmt: skip


def test_every_kind_has_its_words_and_leaves_nothing_unfilled(sender: Sender) -> None:
    filled = {
        "order_id": ORDER, "items": "Kettle {x}", "promised": "2026-05-10", "carrier": "Swiftpost", "tracking": "T",
        "name": "Kettle", "options": "red", "price_cents": 4990, "ends": "2026-06-02", "first_name": "Ada",
    }  # fmt: skip
    sentences = {*NoticeKind, "delivery_late_not_sent", "delivery_late_carrier", "win_back_no_name"}
    for sentence in sentences:
        kind = next(kind for kind in NoticeKind if sentence.startswith(kind.value))
        fields = {**filled, "sentence": sentence}
        content = sender.words.content(kind, fields, "EUR")
        urls = {"chat_url": "https://x/", "unsubscribe_url": "https://x/stop"}
        mail = sender.words.mail(kind, fields, "EUR", urls)
        for text in (content["text"], mail["text"], mail["subject"], *(each["payload"] for each in content["buttons"])):
            assert "{{" not in text and "None" not in text
            for name in (
                "order_id",
                "items",
                "promised",
                "name",
                "price",
                "ends",
                "first_name",
                "unsubscribe_url",
                "chat_url",
            ):
                assert "{" + name + "}" not in text
        assert content["buttons"][-1]["payload"] == f'/notices_stop{{"topic": "{kind.value}"}}'


def test_several_senders_at_once_send_once(late: Engine, sender: Sender) -> None:
    threads = [threading.Thread(target=sender.find_and_send, args=(late, NOON)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(late, mails) == count(late, table) == 1


def test_two_messages_to_one_customer_respect_the_cap_whoever_sends(late: Engine, sender: Sender) -> None:
    with late.begin() as connection:
        set_consent(connection, ADA, Purpose.NOTICE_BACK_IN_STOCK, True, "chat", NOON)
        connection.execute(insert(stock_watches).values(customer_id=ADA, item_id="I-P-1", created_at=NOON))
    threads = [threading.Thread(target=sender.find_and_send, args=(late, NOON)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (count(late, mails), count(late, table)) == (1, 2)
    with late.begin() as connection:
        (waiting,) = notices.due_notices(connection)
    assert waiting.held_because == "cap_per_day"
    sender.find_and_send(late, NOON + timedelta(days=1))
    assert count(late, mails) == 2
    assert count(late, select(stock_watches).where(stock_watches.c.ended_at.is_not(None)).subquery()) == 1


def test_a_sender_that_is_killed_has_sent_it_or_not_and_another_sends_it_once(
    late: Engine, sender: Sender, tmp_path: Path
) -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", _HANGING, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert killed.stdout is not None and killed.stdout.readline() == "written\n"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    with late.begin() as connection:  # it became due in a transaction of its own; the rest is as if it never was
        assert [each.status for each in notices.list_notices(connection)] == ["due"]
        assert connection.execute(select(mails)).all() == []
    sender.find_and_send(late, NOON)
    sender.find_and_send(late, NOON)
    assert count(late, mails) == 1


def test_one_that_cannot_be_sent_keeps_nobody_elses_back(late: Engine, sender: Sender, monkeypatch) -> None:
    with late.begin() as connection:
        set_consent(connection, "C-000002", Purpose.NOTICE_BACK_IN_STOCK, True, "chat", NOON)
        connection.execute(insert(stock_watches).values(customer_id="C-000002", item_id="I-P-1", created_at=NOON))
        connection.execute(update(customers).where(customers.c.customer_id == ADA).values(email="x" * 10))
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON mails WHEN NEW.customer_id = 'C-000001'"
            " BEGIN SELECT RAISE(ABORT, 'ordered by the test'); END"
        )
    done = sender.find_and_send(late, NOON)
    assert {each.customer_id: each.status for each in done} == {ADA: "due", "C-000002": "sent"}
    with late.begin() as connection:
        assert [each.customer_id for each in notices.due_notices(connection)] == [ADA]


def test_one_that_nobody_thought_of_keeps_nobody_elses_back_either(late: Engine, sender: Sender) -> None:
    with late.begin() as connection:
        broken = {"kind": "back_in_stock", "about": "no number", "status": "due", "fields": {}, "due_at": NOON}
        set_consent(connection, "C-000002", Purpose.NOTICE_BACK_IN_STOCK, True, "chat", NOON)
        connection.execute(insert(table).values(customer_id="C-000002", **broken))
    done = sender.find_and_send(late, NOON)
    assert {each.customer_id: each.status for each in done} == {ADA: "sent", "C-000002": "due"}


def test_looking_what_would_be_sent_changes_nothing(late: Engine, sender: Sender) -> None:
    with late.connect() as connection, connection.begin() as transaction:
        assert [each.status for each in sender.find_and_settle(connection, NOON)] == ["sent"]
        transaction.rollback()
    assert count(late, mails) == count(late, table) == 0


def test_a_running_web_process_tells_the_open_window_and_the_bots_log(late: Engine, make_web, bot: FakeBot) -> None:
    web: Web = make_web(notices_s=0.2)
    visitor = web.visitor(token_for(ADA))
    with late.begin() as connection:
        connection.execute(update(orders).values(promised_on=utc_now() - timedelta(days=3)))
    eventually(lambda: any(ORDER in text for text in visitor.texts("bot")), "the window shows it")
    (row,) = [row for row in visitor.rows() if ORDER in row["text"]]
    assert [button["title"] for button in row["buttons"]] == ["Where is it?", "Talk to a person", "Stop these messages"]
    assert set(row) == {"id", "author", "at", "text", "buttons"}
    eventually(lambda: any(each["action"] == "notice" for each in bot.controls), "the bot's log has it")
    told = next(each for each in bot.controls if each["action"] == "notice")
    assert (told["response"], told["slots"]) == ("utter_notice_delivery_late", {"order_id": ORDER})
    time.sleep(0.7)
    assert sum(ORDER in text for text in visitor.texts("bot")) == 1
    assert sum(each["action"] == "notice" for each in bot.controls) == 1
    # Its buttons were offered, so they may be pressed.
    payload = row["buttons"][0]["payload"]
    assert visitor.post(payload=payload).status_code == 202
    visitor.wait_for(f"You said: {payload}")


def test_the_desk_and_the_insights_tell_what_was_sent_and_why_not(late: Engine, make_web, sender: Sender) -> None:
    web: Web = make_web()
    visitor = web.visitor(token_for(ADA))
    with late.begin() as connection:
        connection.execute(update(orders).values(promised_on=utc_now() - timedelta(days=3)))
    sender.find_and_send(late, utc_now())
    with late.begin() as connection:
        connection.execute(
            insert(table).values(
                customer_id=ADA, kind="win_back", about="2026", status="dropped", dropped_because="sleeping_dog",
                fields={}, due_at=utc_now(),
            )
        )  # fmt: skip
    agent = Agent(web, "admin")
    page = agent.http.get(f"/staff/conversations/{visitor.conversation_id}").text
    assert "delivery late" in page and "sleeping dog" in page
    insights = agent.http.get("/insights").text
    assert "Messages sent unasked" in insights and "sleeping dog 1" in insights
    table_csv = agent.http.get("/insights/notices.csv").text
    assert table_csv.splitlines()[0] == "kind,sent_web,sent_mail,waiting,dropped,reasons"
    assert "win_back,0,0,0,1,sleeping_dog 1" in table_csv
    assert count(late, select(deliveries).where(deliveries.c.source.like("notice-%")).subquery()) == 1
