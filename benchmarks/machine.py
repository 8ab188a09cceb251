"""The machine a benchmark ran on, and the versions of what ran."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

PACKAGES = ("rapport", "rasa", "rasa-sdk", "tensorflow-cpu", "torch", "onnxruntime", "faiss-cpu", "SQLAlchemy", "numpy")


@dataclass(frozen=True)
class Machine:
    """`load` is the mean number of runnable processes in the minute before: above 1 on a quiet machine, doubt."""

    cores: int
    cpu: str
    memory_gb: float
    os: str
    python: str
    packages: dict[str, str]
    date: str
    load: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> list[str]:
        """For people, under the table."""
        versions = ", ".join(f"{name} {number}" for name, number in self.packages.items())
        return [
            f"{self.date}: {self.cores} cores, {self.cpu}, {self.memory_gb:.0f} GB, {self.os}, Python {self.python}",
            f"load before the run: {self.load:.1f}",
            versions,
        ]


def this_machine(packages: Sequence[str] = PACKAGES) -> Machine:
    """Call it before the measuring, for the load's sake."""
    return Machine(
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        cpu=_cpu(),
        memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
        os=_system(),
        python=platform.python_version(),
        packages={name: found for name in packages if (found := _version(name)) is not None},
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        load=round(psutil.getloadavg()[0], 2),
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _system() -> str:
    try:
        return str(platform.freedesktop_os_release()["PRETTY_NAME"])
    except OSError:
        return platform.platform(terse=True)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
