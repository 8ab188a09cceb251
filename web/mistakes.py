"""Every error ends in a sentence: JSON for the chat window, a page for people."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from web.errors import LoginNeeded, Refused
from web.pages import render
from web.services import services_of

logger = logging.getLogger(__name__)

_BY_STATUS = {403: "forbidden", 404: "not_found", 429: "too_fast"}


def answer(request: Request, status: int, sentence: str) -> Response:
    services = services_of(request)
    text = services.sentences.say(sentence, limit=f"{services.settings.longest_message:,}")
    if request.url.path.startswith("/chat/") or "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"error": sentence, "sentence": text}, status_code=status)
    return render(request, "error.html", {"status": status, "text": text}, status)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return answer(request, error.status, error.sentence)


async def _login(request: Request, error: Exception) -> Response:
    assert isinstance(error, LoginNeeded)
    accepted = request.headers.get("accept", "*/*")
    if request.method != "GET" or not ("text/html" in accepted or "*/*" in accepted):
        return answer(request, 401, "forbidden")
    return RedirectResponse(f"/staff/login?{urlencode({'next': error.path})}", 303)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    fallback = "server_error" if error.status_code >= 500 else "bad_request"
    return answer(request, error.status_code, _BY_STATUS.get(error.status_code, fallback))


async def _invalid(request: Request, error: Exception) -> Response:
    # The fields are named without their values: those may be personal.
    assert isinstance(error, RequestValidationError)
    fields = ", ".join(".".join(str(part) for part in mistake["loc"]) for mistake in error.errors())
    logger.info("%s: not valid: %s", request.url.path, fields)
    return answer(request, 422, "bad_request")


async def _unexpected(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(request, 500, "server_error")


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(LoginNeeded, _login)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)
