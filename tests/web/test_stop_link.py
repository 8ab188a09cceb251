"""The link in a message stops it: without a log-in, never by being opened, for one kind or all."""

from __future__ import annotations

import re

import httpx
import pytest
from sqlalchemy.engine import Engine

from crm_models.consents import Purpose, read_consents, set_consent
from crm_models.errors import BadToken
from crm_models.tokens import issue_stop_token, issue_token, read_stop_token, read_token
from tests.web.conftest import KEYS, Web
from web.services import utc_now

ADA = "C-000001"
KINDS = {purpose for purpose in Purpose if purpose.value.startswith("notice_")}


@pytest.fixture
def willing(engine: Engine) -> Engine:
    with engine.begin() as connection:
        for purpose in Purpose:
            set_consent(connection, ADA, purpose, True, "chat", utc_now())
    return engine


def path(customer_id: str = ADA, kind: str = "delivery_late") -> str:
    return f"/messages/stop/{issue_stop_token(KEYS.token_key, customer_id, kind)}"


def wanted(engine: Engine) -> set[Purpose]:
    with engine.begin() as connection:
        return {purpose for purpose, granted in read_consents(connection, ADA).items() if granted}


@pytest.fixture
def http(web: Web) -> httpx.Client:
    """A browser that was never here."""
    return httpx.Client(base_url=web.url, trust_env=False)


def test_opening_the_link_changes_nothing(http: httpx.Client, willing: Engine) -> None:
    page = http.get(path())
    assert page.status_code == 200
    assert "No more messages about late deliveries?" in page.text
    assert http.head(path()).status_code in (200, 405)
    assert wanted(willing) == set(Purpose)


def test_the_button_stops_this_kind_and_the_other_all_of_them(http: httpx.Client, willing: Engine) -> None:
    scopes = re.findall(r'name="scope" value="(\w+)"', http.get(path()).text)
    assert scopes == ["kind", "all"]
    page = http.post(path(), data={"scope": "kind"})
    assert page.status_code == 200 and "about late deliveries any more" in page.text
    assert wanted(willing) == set(Purpose) - {Purpose.NOTICE_DELIVERY_LATE}
    assert 'value="all"' in page.text  # the way to stop all is still there
    assert http.post(path(), data={"scope": "all"}).status_code == 200
    assert wanted(willing) == set(Purpose) - KINDS


def test_a_mail_programs_own_unsubscribe_is_done_at_once(http: httpx.Client, willing: Engine) -> None:
    answer = http.post(path(kind="win_back"), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert wanted(willing) == set(Purpose) - {Purpose.NOTICE_WIN_BACK}
    assert http.post(path(kind="win_back"), data={"List-Unsubscribe": "One-Click"}).status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_was_changed_says_so_and_stops_nothing(http: httpx.Client, willing: Engine, method: str) -> None:
    identity = issue_token(KEYS.token_key, ADA, utc_now())
    forged = issue_stop_token("f" * 40, ADA, "delivery_late")
    for token in (path().rpartition("/")[2][:-4], identity, forged, "nonsense", path(kind="ads").rpartition("/")[2]):
        answer = http.request(method, f"/messages/stop/{token}")
        assert answer.status_code == 404
        assert "not complete" in answer.text
    assert wanted(willing) == set(Purpose)


def test_a_link_proves_nobodys_identity() -> None:
    token = issue_stop_token(KEYS.token_key, ADA, "delivery_late")
    assert read_stop_token(KEYS.token_key, token) == (ADA, "delivery_late")
    with pytest.raises(BadToken):
        read_token(KEYS.token_key, token, utc_now())


def test_a_customer_who_was_erased_is_answered_like_any_other(http: httpx.Client, willing: Engine) -> None:
    answer = http.post(path("C-999999"))
    assert answer.status_code == 200 and "any more" in answer.text


def test_the_demos_mailbox_shows_the_mail_with_a_link_that_works(http: httpx.Client, willing: Engine) -> None:
    from crm_models.mailbox import queue_mail

    with willing.begin() as connection:
        queue_mail(connection, ADA, "notice_delivery_late", {"text": "Late.", "unsubscribe_url": path()}, utc_now())
    link = re.search(r'href="(/messages/stop/[^"]+)"', http.get("/demo/mailbox").text)
    assert link is not None
    http.post(link[1])
    assert Purpose.NOTICE_DELIVERY_LATE not in wanted(willing)
