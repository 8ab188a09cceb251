"""`rapport export`: logged data to a file, masked unless an admin asks otherwise."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import typer
from sqlalchemy.engine import Engine

from bot.cli.config import Config
from bot.cli.display import step
from bot.cli.errors import BadExport
from crm_models.database import check_version, create_engine, reading
from crm_models.export import Export, Format, column_names, export_rows, write_file
from crm_models.staff import Role, check_login


def export(
    config: Config,
    what: str,
    since: datetime | None,
    until: datetime | None,
    form: str,
    output: Path | None,
    admin: str | None,
) -> None:
    if what not in list(Export):
        raise BadExport(f"{what!r} cannot be exported; choose one of {', '.join(Export)}.")
    if form not in list(Format):
        raise BadExport(f"There is no format {form!r}; choose one of {', '.join(Format)}.")
    if since and until and since > until:
        raise BadExport(f"--since {since:%Y-%m-%d} is after --until {until:%Y-%m-%d}; exchange them.")
    engine = create_engine(config.crm.database_url)
    check_version(engine)
    if admin is not None:
        _require_admin(engine, admin)
    path = output or Path(f"{what}.{form}")
    with step(f"Writing {path}") as running, reading(engine) as connection:
        rows = export_rows(
            connection,
            Export(what),
            since.date() if since else None,
            until.date() if until else None,
            clear=admin is not None,
        )
        count = write_file(path, Format(form), column_names(Export(what)), rows)
        running.result = f"{count:,} {what}, personal data {'in clear' if admin else 'masked'}"


def _require_admin(engine: Engine, username: str) -> None:
    password = typer.prompt(f"Password of {username}", hide_input=True, err=True)
    with engine.begin() as connection:
        member = check_login(connection, username, password)
    if member is None or member.role is not Role.ADMIN:
        raise BadExport(
            f"{username} is no admin with this password, so personal data stays masked. "
            "Leave out --unmasked, or ask an admin."
        )
