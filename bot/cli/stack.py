"""The processes of the stack: bot, actions, web and projector, and what each is told."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from bot.cli.bot_training import RASA_ENVIRONMENT
from bot.cli.config import Config
from bot.cli.keys import write_text
from bot.cli.process import Program
from bot.settings import PROJECT

ENDPOINTS = PROJECT / "bot" / "endpoints.yml"
CREDENTIALS = PROJECT / "bot" / "credentials.yml"
# One thread each: the processes share the cores, and a message is too small to be shared out.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
# What other packages say to their own developers is nothing for our logs.
_QUIET = {"PYTHONWARNINGS": "ignore::DeprecationWarning,ignore:pkg_resources is deprecated:UserWarning"}


def programs(config: Config, keys: dict[str, str], model: Path) -> list[Program]:
    """All of the stack, with the trained `model` and the installation's `keys`."""
    shared = {**config.environment(), **_ONE_THREAD, **_QUIET}
    urls = health_urls(config)
    return [
        Program(
            "actions",
            (sys.executable, "-m", "actions.server"),
            {
                **shared,
                "RAPPORT_ACTION_KEY": keys["action_key"],
                "ACTION_SERVER_SANIC_WORKERS": str(config.bot.action_workers),
            },
            urls["actions"],
            PROJECT,
        ),
        Program("bot", bot_command(config, model), bot_environment(config, keys), urls["bot"], PROJECT),
        Program("web", (sys.executable, "-m", "web"), shared, urls["web"], PROJECT),
        Program("projector", (sys.executable, "-m", "bot.cli.projector"), shared, None, PROJECT),
    ]


def bot_command(config: Config, model: Path) -> tuple[str, ...]:
    """Rasa with the gateway's channel alone; its own HTTP interface stays closed."""
    return (
        sys.executable, "-m", "bot.serve",
        "--model", str(model),
        "--endpoints", str(_endpoints(config)),
        "--credentials", str(CREDENTIALS),
        "--interface", config.bot.bot_host,
        "--port", str(config.bot.bot_port),
    )  # fmt: skip


def bot_environment(config: Config, keys: dict[str, str]) -> dict[str, str]:
    """What endpoints.yml and credentials.yml refer to, and what keeps Rasa quiet and small."""
    return {
        **config.environment(),
        **RASA_ENVIRONMENT,
        **_ONE_THREAD,
        **_QUIET,
        # The models are served by ONNX on the processor: no library is to look for another device.
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
        "SANIC_WORKERS": str(config.bot.bot_workers),
        "RAPPORT_BOT_KEY": keys["bot_key"],
        "RAPPORT_ACTION_KEY": keys["action_key"],
    }


def health_urls(config: Config) -> dict[str, str]:
    """Where each process that listens tells that it serves."""
    return {
        "actions": f"{_base(config.actions.action_host, config.actions.action_port)}/health",
        "bot": f"{_base(config.bot.bot_host, config.bot.bot_port)}/webhooks/gateway/",
        "web": f"{web_address(config)}/health",
    }


def web_address(config: Config) -> str:
    """Where this machine reaches the web process."""
    return _base(config.web.web_host, config.web.web_port)


def _base(host: str, port: int) -> str:
    # A server on every address is reached on loopback.
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _endpoints(config: Config) -> Path:
    """The committed file; with Redis a copy of it in the data folder that names Redis' lock store."""
    if not config.bot.redis_host:
        return ENDPOINTS
    content = yaml.safe_load(ENDPOINTS.read_text(encoding="utf-8"))
    content["lock_store"] = {
        "type": "redis",
        "url": config.bot.redis_host,
        "port": config.bot.redis_port,
        "key_prefix": "rapport",
    }
    path = config.home / "endpoints.yml"
    write_text(path, yaml.safe_dump(content))
    return path
