"""What goes into a chat window, brought into one shape and made harmless before it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from web.gateway.store import Delivery

# What leaves the house; the rest of a delivery's content is our own bookkeeping.
_SHOWN = frozenset({"text", "buttons", "sources", "name", "client_id"})


def safe_link(url: object) -> str | None:
    """The address when it is http, https or a path of this site; None for anything a browser would run."""
    if not isinstance(url, str):
        return None
    cleaned = "".join(character for character in url.strip() if character.isprintable())
    try:
        parts = urlsplit(cleaned)
    except ValueError:
        return None
    if parts.scheme in {"http", "https"} and parts.netloc:
        return cleaned
    if not parts.scheme and not parts.netloc and cleaned.startswith("/") and "\\" not in cleaned:
        return cleaned
    return None


def reply_content(reply: Mapping[str, Any]) -> dict[str, Any]:
    """A reply of the bot as the content of a delivery: text, buttons, sources."""
    content: dict[str, Any] = {"text": str(reply.get("text") or "")}
    buttons = [
        {"title": str(button["title"]), "payload": str(button["payload"])}
        for button in reply.get("buttons") or ()
        if isinstance(button, Mapping) and button.get("title") and button.get("payload")
    ]
    sources = [
        {"title": str(source.get("title") or url), "url": url}
        for source in reply.get("sources") or ()
        if isinstance(source, Mapping) and (url := safe_link(source.get("url")))
    ]
    if buttons:
        content["buttons"] = buttons
    if sources:
        content["sources"] = sources
    return content


def as_event(delivery: Delivery) -> dict[str, Any]:
    """A delivery as the chat window reads it."""
    shown = {key: value for key, value in delivery.content.items() if key in _SHOWN}
    return {
        "id": delivery.delivery_id,
        "author": delivery.author,
        "at": delivery.created_at.isoformat(timespec="seconds") + "Z",
        **shown,
    }
