"""One page from the web: of bounded size and time, and never from the network of the machine itself.

An address could lead, by its name or by a redirect, to a service that only this machine reaches (server-side request
forgery, CWE-918). So each name is looked up once, every address it has must be a public one, and the connection goes
to that very address: a name that changes its address in between changes nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from knowledge.errors import DocumentError

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_AGENT = "Rapport (reads help articles)"
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
_DECLARED = re.compile(rb"<meta[^>]+charset=[\"']?\s*([\w-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """`suffix` is that of a file of this kind, text is in UTF-8; `etag` and `last_modified` are for the next time."""

    url: str
    suffix: str
    data: bytes
    etag: str = ""
    last_modified: str = ""


class Fetcher:
    """Fetches pages one after the other.

    Args:
        max_bytes: a longer page is refused.
        timeout_s: for one page, redirects included.
        allow_private: whether addresses of this machine and of private networks may be read.
        pause_s: between two requests.
    """

    def __init__(
        self, max_bytes: int, timeout_s: float = 20.0, allow_private: bool = False, pause_s: float = 0.2
    ) -> None:
        self._max_bytes = max_bytes
        self._timeout = timeout_s
        self._allow_private = allow_private
        self._pause = pause_s
        self._last = float("-inf")
        # No proxy of the environment: it would look names up by itself.
        self._client = httpx.Client(
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            # No connection is used twice: one that was opened for a name may not serve another at the same address.
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
            headers={"User-Agent": _AGENT, "Accept": ", ".join(_SUFFIXES), "Accept-Encoding": "identity"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, url: str, etag: str = "", last_modified: str = "") -> Page | None:
        """The page, None where it is as it was when it had this `etag` or `last_modified`. Raises DocumentError."""
        known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in known.items() if value}
        ends = time.monotonic() + self._timeout
        place = url
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                answer = self._ask(place, headers, ends)
                if not isinstance(answer, str):
                    return answer
                place = answer
        except httpx.TimeoutException as error:
            raise DocumentError(f"it did not come within {self._timeout:g} seconds; try again later") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            said = str(error) or type(error).__name__
            raise DocumentError(f"it cannot be fetched: {said}; check the address, or try again later") from error
        raise DocumentError(
            f"it leads on to other addresses more than {_MOST_REDIRECTS} times, at last to {place}; "
            "give the address at which the page stands"
        )

    def _ask(self, url: str, headers: Mapping[str, str], ends: float) -> Page | str | None:
        """The page, None for unchanged, or the address that it has moved to."""
        target = self._target(url)
        time.sleep(max(0.0, self._last + self._pause - time.monotonic()))
        try:
            with self._client.stream(
                "GET",
                target.url,
                headers={**headers, **target.headers},
                extensions=target.extensions,
                timeout=max(0.1, ends - time.monotonic()),
            ) as answer:
                if answer.status_code == 304:
                    return None
                if answer.status_code in _REDIRECTS and "location" in answer.headers:
                    return str(httpx.URL(url).join(answer.headers["location"]))
                if answer.status_code != 200:
                    said = f"{answer.status_code} {answer.reason_phrase}".strip()
                    raise DocumentError(f"the server answered {said}; {_remedy(answer.status_code)}")
                return self._page(url, answer, ends)
        finally:
            self._last = time.monotonic()

    def _page(self, url: str, answer: httpx.Response, ends: float) -> Page:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _SUFFIXES:
            raise DocumentError(
                f"its type '{kind or 'none'}' is not one of HTML, text, Markdown, PDF and DOCX; take it off the list"
            )
        data = b""
        for piece in answer.iter_bytes():
            data += piece
            if len(data) > self._max_bytes:
                raise DocumentError(f"it has more than the limit of {self._max_bytes:,} bytes")
            if time.monotonic() > ends:
                raise DocumentError(f"it did not come within {self._timeout:g} seconds")
        if kind.startswith("text/") or kind.endswith("+xml"):
            data = _as_utf8(data, answer.charset_encoding)
        etag, last_modified = (answer.headers.get(name, "") for name in ("etag", "last-modified"))
        return Page(url, _SUFFIXES[kind], data, etag, last_modified)

    def _target(self, url: str) -> _Target:
        """Where to connect for `url`. Raises DocumentError for what may not be read."""
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise DocumentError(f"'{url}' is no address: {error}") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DocumentError(f"'{url}' is no address that begins with http:// or https://")
        if parts.username or parts.password:
            raise DocumentError("it holds a user name or password, and customers would be shown the address")
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError, UnicodeError) as error:
            raise DocumentError(f"its host '{parts.hostname}' is not known; check the spelling") from error
        # Those of IPv4 first: not every machine reaches the others.
        addresses = sorted((str(each[4][0]) for each in found), key=lambda address: ":" in address)
        if not self._allow_private:
            for address in addresses:
                if not _is_public(address):
                    raise DocumentError(
                        f"its host '{parts.hostname}' is {address}, an address of a private network; "
                        "--allow-private permits that"
                    )
        default = port == (443 if parts.scheme == "https" else 80)
        host = parts.netloc if not default else parts.netloc.removesuffix(f":{port}")
        pinned = httpx.URL(url).copy_with(host=addresses[0], fragment=None)
        return _Target(str(pinned), {"Host": host}, {"sni_hostname": parts.hostname})


@dataclass(frozen=True, slots=True)
class _Target:
    """An address by number, with what tells the server (and its certificate) the name."""

    url: str
    headers: Mapping[str, str]
    extensions: Mapping[str, Any]


def _remedy(status: int) -> str:
    if status in (404, 410):
        return "check the address, or take it off the list"
    if status in (401, 403):
        return "only a page that everybody may read can be fetched; save it as a file instead"
    return "try again later"


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return ip.is_global and not ip.is_multicast and (mapped is None or mapped.is_global)


def _as_utf8(data: bytes, charset: str | None) -> bytes:
    """Text in the encoding that the server or the page names."""
    if charset is None:
        declared = _DECLARED.search(data[:2048])
        charset = declared[1].decode("ascii") if declared else "utf-8"
    try:
        return data.decode(charset).encode("utf-8")
    except (LookupError, UnicodeDecodeError):
        return data  # whoever reads it says what is wrong
