"""The shop's pages, health, headers, errors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from crm_models.identity import Trust, identity_of
from crm_models.mailbox import queue_mail
from crm_models.shop_policy import ShopFacts, write_facts
from tests.web.agent import Agent
from tests.web.conftest import KEYS, Web
from tests.web.fake_bot import FakeBot
from web.errors import SentenceMissing, SettingsError
from web.sentences import Sentences, load_sentences
from web.services import utc_now
from web.settings import WebSettings, read_keys, read_settings


@pytest.fixture
def http(web: Web) -> httpx.Client:
    return httpx.Client(base_url=web.url, trust_env=False)


def sign_in(http: httpx.Client, customer_id: str) -> httpx.Response:
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', http.get("/").text).group(1)
    return http.post("/demo/sign-in", data={"customer_id": customer_id, "form_token": token, "next": "/demo"})


def test_products_are_shown_with_their_price_and_as_text(http: httpx.Client) -> None:
    page = http.get("/").text
    assert "Kettle Aria" in page and "€49.90" in page
    assert "Lamp &lt;b&gt;Luna" in page
    assert "Demo shop" in page
    assert "Kettle Aria" in http.get("/products/P-1").text


def test_signing_in_puts_a_token_into_the_page_that_the_chat_believes(web: Web, http: httpx.Client, engine) -> None:
    assert "data-token" not in http.get("/").text
    answer = sign_in(http, "C-000001")
    assert (answer.status_code, answer.headers["location"]) == (303, "/demo")
    token = re.search(r'data-token="([^"]+)"', http.get("/demo").text).group(1)
    visitor = web.visitor(token)
    with engine.begin() as connection:
        identity = identity_of(connection, visitor.conversation_id, utc_now())
    assert (identity.customer_id, identity.trust) == ("C-000001", Trust.VERIFIED)
    sign_in(http, "")
    assert "data-token" not in http.get("/").text


def test_only_offered_people_can_be_chosen_and_only_in_a_demo(http: httpx.Client, engine) -> None:
    assert sign_in(http, "C-999999").status_code == 404
    with engine.begin() as connection:
        write_facts(connection, ShopFacts("Real Shop", "EUR", "own"))
    assert "sign-in" not in http.get("/").text
    assert http.get("/demo/mailbox").status_code == 404


def test_the_mailbox_shows_one_time_codes(http: httpx.Client, engine) -> None:
    with engine.begin() as connection:
        queue_mail(connection, "C-000002", "one_time_code", {"code": "482913"}, utc_now())
    assert "482913" in http.get("/demo/mailbox").text
    sign_in(http, "C-000001")
    assert "482913" not in http.get("/demo/mailbox").text
    assert "482913" in http.get("/demo/mailbox?everybody=1").text


def test_every_page_forbids_inline_code(web: Web, http: httpx.Client) -> None:
    agent = Agent(web)
    for path in ("/", "/help", "/demo/mailbox", "/staff/login", "/staff/queue", "/insights", "/nowhere"):
        answer = agent.http.get(path, follow_redirects=True)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy and "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", answer.text), path


def test_a_page_that_is_not_there_says_so(http: httpx.Client) -> None:
    answer = http.get("/products/none")
    assert answer.status_code == 404
    assert "does not exist" in answer.text
    assert http.get("/help/none").status_code == 404
    assert http.get("/chat/nothing").json()["sentence"]


def test_health_names_what_is_missing(http: httpx.Client, bot: FakeBot) -> None:
    assert http.get("/health").json() == {
        "status": "degraded", "database": "ok", "bot": "ok", "actions": "unreachable",
    }  # fmt: skip
    bot.stop()
    assert http.get("/health").json()["bot"] == "unreachable"


def test_the_widget_may_be_used_by_configured_sites_only(make_web) -> None:
    web = make_web(cors_origins="https://shop.example, https://other.example")
    for origin, allowed in (("https://shop.example", True), ("https://evil.example", False)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = httpx.options(web.url + "/chat/messages", headers=headers, trust_env=False)
        assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
    widget = httpx.get(web.url + "/widget.js", trust_env=False)
    assert widget.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "innerHTML" not in widget.text


def test_a_body_beyond_all_measure_is_refused(http: httpx.Client) -> None:
    assert http.post("/chat/open", content=b"x" * 1_100_000).status_code == 413


def test_settings_name_every_mistake_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_WEB_PORT", "seventy")
    monkeypatch.setenv("RAPPORT_PATIENCE_S", "-1")
    with pytest.raises(SettingsError, match=r"(?s)RAPPORT_WEB_PORT.*RAPPORT_PATIENCE_S"):
        read_settings()


def test_keys_come_from_the_file_and_short_ones_are_refused(tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(SettingsError, match="rapport up"):
        read_keys(tmp_path)
    stored = {"token_key": KEYS.token_key, "session_key": KEYS.session_key, "bot_key": "short"}
    (tmp_path / "secrets.json").write_text(json.dumps(stored))
    with pytest.raises(SettingsError, match="bot_key must have 32 bytes"):
        read_keys(tmp_path)
    monkeypatch.setenv("RAPPORT_BOT_KEY", "b" * 40)
    assert read_keys(tmp_path) == KEYS
    assert "t" * 40 not in repr(KEYS)


def test_a_domain_without_a_needed_sentence_is_refused_at_start() -> None:
    assert load_sentences(WebSettings().sentences_file).labels()["launcher"]
    with pytest.raises(SentenceMissing, match="utter_web_trouble"):
        Sentences({})
