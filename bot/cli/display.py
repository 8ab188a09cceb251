"""What the terminal shows while something takes long: a bar with its time, then one line that it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

# Lines are not broken where the output is no terminal: they are searched and compared.
console = Console(highlight=False, soft_wrap=True)


class Step:
    """A long step that is running."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self.result = ""  # what is said at the end

    def count(self, done: int, total: int) -> None:
        """So much of so much is done."""
        self._progress.update(self._task, completed=done, total=total)

    def part(self, name: str, done: int = 0, total: int | None = None) -> None:
        """What is being done, and how much of it."""
        self._progress.update(self._task, detail=name, completed=done, total=total)


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show that `title` is being done, and afterwards that it is and how long it took."""
    began = time.monotonic()
    if not console.is_terminal:
        console.print(f"  {title} ...")
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("[dim]{task.fields[detail]}[/]"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        running = Step(progress, progress.add_task(title, total=None, detail=""))
        yield running
    done(f"{title}{': ' if running.result else ''}{running.result}", time.monotonic() - began)


def done(text: str, seconds: float | None = None) -> None:
    """One line: this is done."""
    took = "" if seconds is None else f" [dim]({seconds:.1f} s)[/]"
    console.print(f"[green]✓[/] {text}{took}")


def note(text: str) -> None:
    """One line that is no step."""
    console.print(f"[yellow]·[/] {text}")
