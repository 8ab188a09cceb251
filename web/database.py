"""The shop's database from asynchronous code: each call is one transaction, on a thread of a pool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.engine import Connection, Engine

from crm_models.database import reading

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """Runs functions of a Connection: `read` takes no lock, `write` commits when the function returns."""

    def __init__(self, engine: Engine, threads: int = 8) -> None:
        self.engine = engine
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="database")

    async def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._on_thread(self._read, function, args, kwargs)

    async def write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._on_thread(self._write, function, args, kwargs)

    async def _on_thread(self, *call: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, *call)

    def _read(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        with reading(self.engine) as connection:
            return function(connection, *args, **kwargs)

    def _write(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        with self.engine.begin() as connection:
            return function(connection, *args, **kwargs)

    def close(self) -> None:
        self._pool.shutdown(wait=True)
        self.engine.dispose()
