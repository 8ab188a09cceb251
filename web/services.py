"""Everything a request may need, built once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from fastapi import Request

from crm_models.database import create_engine
from crm_models.next_action.live import LivePolicy
from crm_models.proactive.policy import read_notice_policy
from crm_models.settings import CrmSettings
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from web.bot_client import BotClient
from web.database import Database
from web.gateway.hub import Hub
from web.gateway.passes import Passes
from web.gateway.postman import Postman
from web.gateway.reply_log import ReplyLog
from web.limits import RateLimit
from web.notices.sender import Sender
from web.notices.words import load_notice_words
from web.sentences import Sentences, load_sentences
from web.settings import Keys, WebSettings


def utc_now() -> datetime:
    """Now, UTC without zone, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Limits:
    conversation: RateLimit
    address: RateLimit
    opening: RateLimit
    login: RateLimit


@dataclass(frozen=True)
class Services:
    settings: WebSettings
    keys: Keys
    database: Database
    bot: BotClient
    hub: Hub
    passes: Passes
    postman: Postman
    reply_log: ReplyLog
    sender: Sender
    sentences: Sentences
    limits: Limits
    articles: KnowledgeStore
    offer_policy: LivePolicy
    now: Callable[[], datetime]


def build_services(settings: WebSettings, keys: Keys, now: Callable[[], datetime] = utc_now) -> Services:
    """Connects the parts; opens no connection yet."""
    database = Database(create_engine(settings.database))
    bot = BotClient(settings.bot_url, keys.bot_key, settings.bot_timeout_s)
    hub = Hub(database, settings.poll_s, settings.streams_per_conversation)
    sentences = load_sentences(settings.sentences_file)
    return Services(
        settings=settings,
        keys=keys,
        database=database,
        bot=bot,
        hub=hub,
        passes=Passes(keys.session_key, settings.conversation_days),
        postman=Postman(database, bot, hub, sentences, settings, now),
        reply_log=ReplyLog(database, bot),
        sender=build_sender(settings, keys),
        sentences=sentences,
        limits=Limits(
            conversation=RateLimit(settings.conversation_rate, settings.conversation_burst),
            address=RateLimit(settings.address_rate, settings.address_burst),
            opening=RateLimit(settings.open_rate, settings.open_burst),
            login=RateLimit(settings.login_rate, settings.login_burst),
        ),
        articles=KnowledgeStore(KnowledgeSettings(home=settings.home).database),
        offer_policy=LivePolicy(lambda: CrmSettings(home=settings.home).offer_policy_file),
        now=now,
    )


def build_sender(settings: WebSettings, keys: Keys) -> Sender:
    """Sends messages to customers, by the shop's rules and in the domain's words.

    Raises BadPolicy or SentenceMissing.
    """
    words = load_notice_words(settings.notices_file, settings.words_file)
    return Sender(read_notice_policy(settings.home), words, keys.token_key, settings.base_url)


def services_of(request: Request) -> Services:
    return cast(Services, request.app.state.services)


def address_of(request: Request) -> str:
    """The visitor's address, as the trusted proxy in front reports it."""
    return request.client.host if request.client else "unknown"
