"""What every answer carries, what no request may exceed, and the token that forms must bring back."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.errors import Refused

CSRF_COOKIE = "rapport_form"
CSRF_FIELD = "form_token"
CSRF_HEADER = "x-form-token"

# Nothing inline, nothing from elsewhere: a sentence that slipped through as HTML would still run nothing.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """Adds the security headers and refuses bodies above `longest_body` bytes."""

    def __init__(self, app: ASGIApp, longest_body: int = 1_000_000) -> None:
        self._app = app
        self._longest = longest_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._longest:
            await PlainTextResponse("Content too large", 413)(scope, receive, dressed)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._longest:  # sent in chunks, without a length
                raise Refused(413, "bad_request")
            return message

        await self._app(scope, counted, dressed)


def form_nonce(request: Request) -> str:
    """The browser's own random value; made when it has none yet, and then set by `keep_nonce`."""
    if not hasattr(request.state, "form_nonce"):
        request.state.form_nonce = request.cookies.get(CSRF_COOKIE) or secrets.token_urlsafe(24)
    return str(request.state.form_nonce)


def form_token(request: Request, session_key: str) -> str:
    """What a form of this browser must bring back."""
    nonce = form_nonce(request).encode()
    return hmac.new(session_key.encode(), b"form:" + nonce, hashlib.sha256).hexdigest()


def keep_nonce(request: Request, response: Response, secure: bool) -> None:
    if request.cookies.get(CSRF_COOKIE) != form_nonce(request):
        response.set_cookie(CSRF_COOKIE, form_nonce(request), httponly=True, samesite="strict", secure=secure)


async def check_form(request: Request, session_key: str) -> None:
    """Refuses a form that another site sent in this browser's name."""
    shown = request.headers.get(CSRF_HEADER)
    if shown is None:
        shown = str((await request.form()).get(CSRF_FIELD, ""))
    known = CSRF_COOKIE in request.cookies
    if not known or not hmac.compare_digest(shown.encode(), form_token(request, session_key).encode()):
        raise Refused(403, "form_expired")
