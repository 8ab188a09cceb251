"""PostgreSQL, Redis and RabbitMQ on this machine, for tests marked `services`: skipped without, but not in CI."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from crm_models.database import create_engine

POSTGRES = "postgresql://root@127.0.0.1:5432/"
HOST = "127.0.0.1"
REDIS_PORT = 6379
RABBITMQ_PORT = 5672


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of its own on the local PostgreSQL, dropped afterwards."""
    yield from _new_database()


@pytest.fixture
def empty_postgres_url() -> Iterator[str]:
    """One for a single test, with nothing in it."""
    yield from _new_database()


@pytest.fixture(scope="session")
def redis_host() -> str:
    """Where Redis answers, on its usual port."""
    _need("Redis", REDIS_PORT)
    return HOST


@pytest.fixture(scope="session")
def rabbitmq_host() -> str:
    """Where RabbitMQ answers, on its usual port."""
    _need("RabbitMQ", RABBITMQ_PORT)
    return HOST


def _new_database() -> Iterator[str]:
    name = f"rapport_test_{uuid.uuid4().hex[:12]}"
    server = create_engine(f"{POSTGRES}test").execution_options(isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError as error:
        if _is_ci():
            raise
        pytest.skip(f"no PostgreSQL at {POSTGRES}test: {error.orig}")
    yield POSTGRES + name
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def _need(what: str, port: int) -> None:
    try:
        socket.create_connection((HOST, port), timeout=5).close()
    except OSError as error:
        if _is_ci():
            raise
        pytest.skip(f"no {what} at {HOST}:{port}: {error}")


def _is_ci() -> bool:
    return os.environ.get("CI") == "true"
