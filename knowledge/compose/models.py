"""Language models that put answers into words: an OpenAI-compatible endpoint, or a file on this machine."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import httpx

from knowledge.errors import ComposeError
from knowledge.settings import KnowledgeSettings

Messages = Sequence[Mapping[str, str]]

_MOST_TOKENS = 300
_MOST_BYTES = 200_000
_CONTEXT = 4096


class LanguageModel(Protocol):
    """Writes a reply to messages of the roles system and user."""

    @property
    def name(self) -> str: ...

    async def complete(self, messages: Messages, timeout_s: float) -> str:
        """The reply within `timeout_s`, without holding up the event loop. Raises ComposeError."""


class Endpoint:
    """`POST {url}/chat/completions`, as OpenAI, vLLM, llama.cpp, Ollama and others answer it."""

    def __init__(self, url: str, model: str, key: str) -> None:
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._key = key
        self.name = model

    async def complete(self, messages: Messages, timeout_s: float) -> str:
        content = {"model": self.name, "messages": list(messages), "temperature": 0, "max_tokens": _MOST_TOKENS}
        try:
            return await asyncio.wait_for(self._post(content, timeout_s), timeout_s)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise ComposeError(f"{self._url} did not answer within {timeout_s:g} seconds") from error
        except httpx.HTTPError as error:
            raise ComposeError(f"{self._url} cannot be reached: {error or type(error).__name__}") from error
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise ComposeError(f"{self._url} answered something else than a chat completion: {error!r}") from error

    async def _post(self, content: Mapping[str, Any], timeout_s: float) -> str:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        async with (
            httpx.AsyncClient(timeout=timeout_s, follow_redirects=False) as client,
            client.stream("POST", self._url, json=content, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                raise ComposeError(f"{self._url} answered {answer.status_code} {answer.reason_phrase}")
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise ComposeError(f"{self._url} answered more than {_MOST_BYTES:,} bytes")
        text = json.loads(body)["choices"][0]["message"]["content"]
        return str(text or "")


class LocalModel:
    """A GGUF file through xllamacpp, loaded at the first question; one reply at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._model: Any = None
        self.name = path.stem

    async def complete(self, messages: Messages, timeout_s: float) -> str:
        ends = time.monotonic() + timeout_s
        try:
            return await asyncio.wait_for(asyncio.to_thread(self._write, list(messages), ends), timeout_s)
        except TimeoutError as error:
            raise ComposeError(f"{self._path} did not answer within {timeout_s:g} seconds") from error

    def _write(self, messages: list[Mapping[str, str]], ends: float) -> str:
        if not self._lock.acquire(timeout=max(0.0, ends - time.monotonic())):
            raise ComposeError(f"{self._path} is still busy with another question")
        try:
            self._model = self._model or load_gguf(self._path)
            pieces: list[str] = []

            def take(piece: Mapping[str, Any]) -> bool:
                """True has the model stop."""
                for choice in piece.get("choices") or ():
                    pieces.append(choice["delta"].get("content") or "")
                return time.monotonic() > ends

            content = {"messages": messages, "temperature": 0, "max_tokens": _MOST_TOKENS, "stream": True}
            try:
                self._model.handle_chat_completions(content, take)
            except (ValueError, RuntimeError) as error:
                raise ComposeError(f"{self._path} wrote nothing: {error}") from error
            if time.monotonic() > ends:
                raise ComposeError(f"{self._path} did not answer in time")
            return "".join(pieces)
        finally:
            self._lock.release()


def load_gguf(path: Path) -> Any:
    """Raises ComposeError with what is missing."""
    try:
        import xllamacpp  # type: ignore[import-not-found]
    except ImportError as error:
        raise ComposeError(
            f"{path} needs xllamacpp, which is not installed; install the extra `llm` "
            "(uv pip install -e '.[llm]'), or name an endpoint in RAPPORT_LLM_URL"
        ) from error
    if not path.is_file():
        raise ComposeError(f"there is no file {path}; RAPPORT_LLM_FILE must name a GGUF file")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ComposeError(f"{path} is not a GGUF file; RAPPORT_LLM_FILE must name one")
    settings = xllamacpp.CommonParams()
    settings.model.path = str(path)
    settings.n_ctx, settings.n_parallel, settings.verbosity = _CONTEXT, 1, -1
    # It opens a port of this machine as well: without this key, which nobody else knows, it answers nobody there.
    settings.api_keys = [secrets.token_urlsafe(32)]
    try:
        return xllamacpp.Server(settings)
    except (ValueError, RuntimeError, OSError) as error:
        raise ComposeError(f"{path} cannot be loaded as a GGUF file: {error}") from error


def model_of(settings: KnowledgeSettings) -> LanguageModel | None:
    """The language model that the settings name; None where they name none, which is the default."""
    if settings.llm_url:
        return Endpoint(settings.llm_url, settings.llm_model, settings.llm_key)
    return LocalModel(Path(settings.llm_file)) if settings.llm_file else None
