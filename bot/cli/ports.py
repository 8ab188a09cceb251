"""Ports that are taken are found before anything is started."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from bot.cli.config import Config
from bot.cli.errors import PortTaken


@dataclass(frozen=True)
class Place:
    """Where a process is to listen, and the setting that changes it."""

    name: str
    host: str
    port: int
    setting: str


def places(config: Config) -> list[Place]:
    """Where the processes of the stack listen."""
    return [
        Place("web", config.web.web_host, config.web.web_port, "RAPPORT_WEB_PORT"),
        Place("bot", config.bot.bot_host, config.bot.bot_port, "RAPPORT_BOT_PORT"),
        Place("actions", config.actions.action_host, config.actions.action_port, "RAPPORT_ACTION_PORT"),
    ]


def refuse_taken(wanted: Sequence[Place]) -> None:
    """Raises PortTaken, which names every place that is not free and the setting that changes it."""
    mistakes = [mistake for place in wanted if (mistake := _mistake(place)) is not None]
    if mistakes:
        raise PortTaken("\n".join(mistakes))


def _mistake(place: Place) -> str | None:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that was closed a moment ago does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.host, place.port))
        except PermissionError:
            return f"Port {place.port} needs rights you do not have; set {place.setting} to 1024 or above."
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return (
                    f"Port {place.port}, where {place.name} is to listen, is taken{_holder(place.port)}. "
                    f"Stop that program, or set {place.setting} to a free port such as {_free_port(place)}."
                )
            setting = place.setting.removesuffix("PORT") + "HOST"
            return f"{place.name} cannot listen on {place.host}: {error.strerror}. Set {setting} to another."
    return None


def _holder(port: int) -> str:
    """Who has the port, as far as this user may know."""
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return ""


def _free_port(place: Place) -> int:
    with socket.socket() as probe:
        for port in range(place.port + 1, min(place.port + 50, 65536)):
            try:
                probe.bind((place.host, port))
            except OSError:
                continue
            return port
    return 0
