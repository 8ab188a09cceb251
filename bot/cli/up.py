"""`rapport up`: everything prepared, started, watched over, and stopped in the end."""

from __future__ import annotations

import time

from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy.engine import Engine

from bot.cli import lock, prepare, shop
from bot.cli.config import Config
from bot.cli.display import console, done
from bot.cli.keys import read_keys
from bot.cli.ports import places, refuse_taken
from bot.cli.stack import programs, web_address
from bot.cli.supervisor import Supervisor
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.proactive.policy import read_notice_policy


def up(config: Config, demo: bool) -> None:
    """Serve until Ctrl-C. What is missing is made first; mistakes are found before anything is started."""
    with lock.holding(config.home):
        refuse_taken(places(config))
        load_offer_policy(config.crm.offer_policy_file)  # refuses one with mistakes
        keys = read_keys(config)
        read_notice_policy(config.home)  # its mistakes are told here, not in the log of a process that ends
        engine = prepare.open_database(config)
        prepare.prepare_shop(config, engine, demo)
        model = prepare.train(config, engine)
        is_demo = demo and (shop.shop_source(engine) == "demo" or config.web.demo)
        logins = shop.demo_logins(config, engine) if is_demo else {}
        # The processes have connections of their own.
        engine.dispose()
        supervisor = Supervisor(programs(config, keys, model), config.logs, _tell)
        began = time.monotonic()
        with supervisor.stopped_by_signals():
            supervisor.start()
            if _wait(supervisor, config):
                done("Serving", time.monotonic() - began)
                _print_addresses(config, engine, logins)
                supervisor.run()
            console.print("\nStopping ...")
        done("Stopped")


def _wait(supervisor: Supervisor, config: Config) -> bool:
    columns = (SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        rows: dict[str, TaskID] = {
            name: progress.add_task(f"Starting {name}", total=1) for name in supervisor.readiness()
        }

        def show() -> None:
            for name, ready in supervisor.readiness().items():
                if ready:
                    progress.update(rows[name], completed=1)

        return supervisor.wait_until_ready(config.bot.start_timeout_s, show)


def _print_addresses(config: Config, engine: Engine, logins: dict[str, str]) -> None:
    base = config.web.public_url.rstrip("/") or web_address(config)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("Shop with the chat", f"{base}/")
    table.add_row("Service desk", f"{base}/staff")
    table.add_row("Insights", f"{base}/insights")
    for name, password in logins.items():
        table.add_row("Demo log-in" if name == next(iter(logins)) else "", f"{name}  {password}")
    table.add_row("Logs", str(config.logs))
    console.print(table)
    if not logins and not shop.has_staff(engine):
        console.print("Nobody can log in to the service desk yet: `rapport add-staff NAME` makes an account.")
    console.print("Press Ctrl-C to stop.")


def _tell(line: str) -> None:
    console.print(f"[yellow]![/] {line}")
