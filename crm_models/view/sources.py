"""Reading a table of somebody else's: CSV, Parquet, JSON records or a query, every value as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_models.errors import BadImport, BadTable
from crm_models.table_files import check_file, read_csv, read_parquet, refuse_names_twice

if TYPE_CHECKING:
    import pandas as pd

_CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")
_PARQUET = (".parquet", ".pq")


def read_source(source: str, *, table: str | None = None, query: str | None = None) -> pd.DataFrame:
    """The rows as text, missing values None; blanks around the columns' names are gone.

    Args:
        source: a file, or a SQLAlchemy address such as `postgresql://host/shop`.
        table, query: what to read at an address; one of them.

    Raises:
        BadImport: there is nothing to read, or it cannot be read; names the source and the remedy.
    """
    if "://" in source:
        found = _from_database(source, table, query)
    else:
        if table or query:
            raise BadImport(f"{source} is a file; --table and --query belong to a database address.")
        found = _from_file(Path(source))
    found.columns = [str(name).strip() for name in found.columns]
    shown = _shown(source) if "://" in source else source
    try:
        refuse_names_twice(shown, list(found.columns))
    except BadTable as error:
        raise BadImport(str(error)) from error
    if found.empty:
        raise BadImport(f"{shown} holds no rows below the names of its columns.")
    return found


def _from_file(path: Path) -> pd.DataFrame:
    name = path.name.lower()
    try:
        check_file(path)
        if name.endswith(_CSV):
            return read_csv(path, dtype="string", keep_default_na=False, na_values=[""], skipinitialspace=True)
        if name.endswith(_PARQUET):
            return _as_text(read_parquet(path))
    except BadTable as error:
        raise BadImport(str(error)) from error
    if name.endswith(".json"):
        return _json(path)
    raise BadImport(f"{path} is of no kind that can be read. Use {', '.join((*_CSV[:2], *_PARQUET[:1], '.json'))}.")


def _json(path: Path) -> pd.DataFrame:
    """A list of records, or an object of records by id; nested values become `address.zip`."""
    import pandas as pd

    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadImport(f"{path} is no JSON: {error}.") from error
    rows = (
        [{"id": key, **value} for key, value in read.items() if isinstance(value, dict)]
        if isinstance(read, dict)
        else read
    )
    if not isinstance(rows, list) or not rows or not all(isinstance(each, dict) for each in rows):
        raise BadImport(f"{path} holds no records. Write a list of objects, or an object of objects by id.")
    return _as_text(pd.json_normalize(rows))


def _from_database(address: str, table: str | None, query: str | None) -> pd.DataFrame:
    import pandas as pd
    import sqlalchemy
    from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

    if bool(table) == bool(query):
        raise BadImport("A database address needs one of --table NAME and --query SQL.")
    try:
        engine = sqlalchemy.create_engine(address, future=True)
        statement = sqlalchemy.text(query) if query else _whole_table(engine, str(table))
        with engine.connect() as connection:
            result = connection.execute(statement)
            read = pd.DataFrame(result.fetchall(), columns=list(result.keys()))
        engine.dispose()
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise BadImport(f"{_shown(address)} is no database address that can be used: {error}.") from error
    except DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0]
        raise BadImport(
            f"{_shown(address)} did not give its rows: {said}. Check the address, --table and --query."
        ) from error
    return _as_text(read)


def _whole_table(engine: Any, table: str) -> Any:
    from sqlalchemy import select, text
    from sqlalchemy.sql import quoted_name
    from sqlalchemy.sql import table as named

    return select(text("*")).select_from(named(quoted_name(table, quote=True)))


def _shown(address: str) -> str:
    """Without the password."""
    from sqlalchemy.engine.url import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return repr(make_url(address))
    except ArgumentError:
        return address.split("@")[-1]


def _as_text(read: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    for name in read.columns:
        column = read[name]
        if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
            read[name] = column.astype("Int64")  # ids that a missing value made into 17850.0
    return read.astype("string")
