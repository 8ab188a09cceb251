"""The shop's data and what is derived from it: words for the entity extractor, staff of the demo, articles."""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection, Engine

from bot.cli.config import Config
from bot.cli.display import Step
from bot.cli.keys import read_private, write_private
from bot.settings import PROJECT
from crm_models.database import reading
from crm_models.import_shop import ImportReport, import_shop
from crm_models.shop_policy import read_facts, write_fact
from crm_models.staff import DEMO_STAFF, seed_demo_staff
from crm_models.tables import customers, items, orders, products, shop, staff
from knowledge.ingest import IngestReport, ingest_path
from knowledge.store import KnowledgeStore

DEMO_ARTICLES = PROJECT / "demo" / "articles"
_ARTICLES = "articles"  # fact of the shop: the documents that came with it


def has_shop(engine: Engine) -> bool:
    """Whether there are customers, products or orders."""
    with reading(engine) as connection:
        return any(
            connection.execute(select(table).limit(1)).first() is not None for table in (customers, products, orders)
        )


def shop_source(engine: Engine) -> str | None:
    """Where the shop's data came from (demo, imported, own); None without a shop."""
    if not has_shop(engine):
        return None
    with reading(engine) as connection:
        return read_facts(connection).source


def seed(config: Config, engine: Engine, step: Step, *, replace: bool = False, customer_count: int = 2000) -> None:
    """Fill the database with the demo shop as of today, and the knowledge base with its articles."""
    from demo.seed import seed_shop

    former = _shop_articles(engine)
    report = seed_shop(
        engine,
        until=date.today(),
        customers=customer_count,
        progress=step.part,
        replace=replace,
        truth_file=config.home / "demo_truth.csv",
    )
    _remove_articles(config, former)
    read_demo_articles(config, engine)
    write_gazetteer(config, engine)
    step.result = f"{report.rows['customers']:,} customers, {report.rows['orders']:,} orders"


def bring_shop(
    config: Config, engine: Engine, folder: Path, step: Step, *, replace: bool, currency: str
) -> ImportReport:
    """Import somebody else's shop in place of what is there, with its policy page as an article."""
    former = _shop_articles(engine)
    with engine.begin() as connection:
        report = import_shop(connection, folder, replace=replace, currency=currency, progress=step.part)
    _remove_articles(config, former)
    if report.policy_page is not None:
        _ingest(config, engine, report.policy_page)
    write_gazetteer(config, engine)
    return report


def read_demo_articles(config: Config, engine: Engine) -> IngestReport:
    """Take in the demo shop's articles that are new or changed."""
    return _ingest(config, engine, DEMO_ARTICLES)


def write_gazetteer(config: Config, engine: Engine) -> None:
    """The shop's own words, for the entity extractor; a running bot reads the file again when it changes."""
    with reading(engine) as connection:
        content = json.dumps(_words(connection), ensure_ascii=False, indent=1)
    path = config.home / "gazetteer.json"
    if not path.exists() or path.read_text(encoding="utf-8") != content:
        aside = path.with_name(f".{path.name}")
        aside.write_text(content, encoding="utf-8")
        aside.replace(path)


def demo_logins(config: Config, engine: Engine) -> dict[str, str]:
    """Passwords of the demo's staff by user name; accounts and passwords are made once."""
    path = config.home / "demo_logins.json"
    passwords = read_private(path)
    names = [username for username, _, _ in DEMO_STAFF]
    missing = [name for name in names if name not in passwords]
    if missing:
        passwords |= {name: _password() for name in missing}
        write_private(path, passwords)
    with engine.begin() as connection:
        present = set(connection.execute(select(staff.c.username)).scalars())
        if missing or not present.issuperset(names):
            seed_demo_staff(connection, passwords)
    return {name: passwords[name] for name in names}


def has_staff(engine: Engine) -> bool:
    """Whether anybody can log in to the service desk."""
    with reading(engine) as connection:
        return connection.execute(select(staff).limit(1)).first() is not None


def utc_now() -> datetime:
    """Now, UTC without zone, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


def _password() -> str:
    """Twelve characters that can be told apart and chosen by a double click: 59 bits."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(12))


def _words(connection: Connection) -> dict[str, Any]:
    found = connection.execute(
        select(products.c.product_id, products.c.name, products.c.category).order_by(products.c.product_id)
    ).all()
    options: defaultdict[str, set[str]] = defaultdict(set)
    for values in connection.execute(select(items.c.options)).scalars():
        for name, value in values.items():
            if isinstance(value, str):
                options[name].add(value)
    numbers = connection.execute(select(orders.c.order_id)).scalars()
    # What stands before the digits, the most usual first.
    prefixes = Counter(re.split(r"\d", number, maxsplit=1)[0] for number in numbers)
    return {
        "products": [{"id": row.product_id, "name": row.name} for row in found],
        "categories": sorted({row.category for row in found}),
        "options": {name: sorted(values) for name, values in sorted(options.items())},
        "order_prefixes": [prefix for prefix, _ in prefixes.most_common() if prefix],
    }


def _shop_articles(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        value = connection.execute(select(shop.c.value).where(shop.c.key == _ARTICLES)).scalar_one_or_none()
    return value if isinstance(value, list) else []


def _ingest(config: Config, engine: Engine, path: Path) -> IngestReport:
    store = KnowledgeStore(config.knowledge.database)
    try:
        report = ingest_path(store, path, max_bytes=config.knowledge.ingest_max_bytes)
    finally:
        store.close()
    articles = sorted({*report.added, *report.changed, *report.unchanged})
    if articles != _shop_articles(engine):
        with engine.begin() as connection:
            write_fact(connection, _ARTICLES, articles)
    return report


def _remove_articles(config: Config, document_ids: list[str]) -> None:
    """The articles of a shop that was replaced say what is no longer true."""
    store = KnowledgeStore(config.knowledge.database)
    try:
        with store.transaction():
            for document_id in document_ids:
                store.remove_document(document_id)
    finally:
        store.close()
