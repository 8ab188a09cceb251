"""What `rapport customers` does about links between customers, and the profile that they give."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.table import Table
from sqlalchemy import select
from sqlalchemy.engine import Engine

from bot.cli import prepare
from bot.cli.config import Config
from bot.cli.display import console, done, note, step
from bot.cli.errors import BadSettings, UnknownCustomer
from bot.cli.shop import utc_now
from crm_models.database import reading
from crm_models.tables import customers
from crm_models.view import links as stored
from crm_models.view.clusters import LinkStatus
from crm_models.view.data_gaps import note_gaps
from crm_models.view.links import Link
from crm_models.view.person import person_of
from crm_models.view.profile import person_profile


def link(config: Config, country: str | None) -> None:
    country = two_letters(country)
    engine = prepare.open_database(config)
    with step("Finding customers that are one person") as running, engine.begin() as connection:
        report = stored.link_customers(connection, utc_now(), country=country, progress=running.part)
        gaps = note_gaps(connection, utc_now())
        by = ", ".join(f"{count} by {method}" for method, count in report.linked.items() if count)
        running.result = (
            f"{report.customers:,} customers, {sum(report.linked.values())} new links{f' ({by})' if by else ''}"
        )
    if report.kept_apart:
        note(f"{report.kept_apart} likely pairs are households and stay apart.")
    if report.review:
        note(f"{report.review} pairs wait for you: `rapport customers review`.")
    if gaps:
        note(f"{gaps} new data gaps: duplicates, and values that contradict each other or are old.")


def two_letters(country: str | None) -> str | None:
    """A country's code in capitals.

    Raises:
        BadSettings: it has no two letters.
    """
    if country is not None and not re.fullmatch("[A-Za-z]{2}", country):
        raise BadSettings(f"--country is {country!r}; give its code of two letters, such as GB.")
    return country.upper() if country else None


def links(config: Config, customer_id: str | None, limit: int) -> None:
    engine = prepare.open_database(config)
    if customer_id is not None:
        _known(engine, customer_id)
    with reading(engine) as connection:
        found = stored.list_links(connection, LinkStatus.LINKED, customer_id, limit)
    _show(found, "No customers are linked; `rapport customers link` looks for some.")


def review(config: Config, accept: list[int], reject: list[int], who: str, limit: int) -> None:
    both = sorted(set(accept) & set(reject))
    if both:
        raise BadSettings(f"Pair {both[0]} is accepted and rejected at once; leave it out of one of the two.")
    engine = prepare.open_database(config)
    if not accept and not reject:
        with reading(engine) as connection:
            found = stored.list_links(connection, LinkStatus.REVIEW, limit=limit)
        _show(found, "No pairs wait.")
        return
    with engine.begin() as connection:
        for accepted, chosen in ((True, accept), (False, reject)):
            for link_id in chosen:
                decided = stored.resolve_review(connection, link_id, accepted, who, utc_now())
                done(f"{decided.left_id} and {decided.right_id} are {'one person' if accepted else 'not one person'}")


def join(config: Config, one: str, other: str, who: str, why: str) -> None:
    with prepare.open_database(config).begin() as connection:
        stored.link_by_hand(connection, one, other, who, utc_now(), why)
    done(f"{one} and {other} are one person")


def unlink(config: Config, one: str, other: str, who: str, why: str) -> None:
    with prepare.open_database(config).begin() as connection:
        stored.unlink(connection, one, other, who, utc_now(), why)
        still = other in person_of(connection, one)
    done(f"{one} and {other} are no longer linked")
    if still:
        note("Other links still join them; `rapport customers links` shows which.")


def profile(config: Config, customer_id: str) -> None:
    engine = prepare.open_database(config)
    _known(engine, customer_id)
    now = utc_now()
    with reading(engine) as connection:
        person = person_of(connection, customer_id)
        fields = person_profile(connection, customer_id, now)
    table = Table(title=f"{customer_id}{f' (one person: {chr(44).join(person)})' if len(person) > 1 else ''}")
    for heading in ("field", "value", "source", "as of", "confidence", "what others say"):
        table.add_column(heading)
    for each in fields:
        best = each.best
        others = dict.fromkeys(f"{fact.value} ({fact.source})" for fact in each.conflicting)
        table.add_row(
            each.field,
            best.value,
            f"{best.source} ({best.source_kind})",
            f"{best.as_of:%Y-%m-%d}{', old' if each.stale else ''}",
            f"{best.confidence_at(now):.0%}",
            "; ".join(others),
        )
    console.print(table)


def _known(engine: Engine, customer_id: str) -> None:
    with reading(engine) as connection:
        found = connection.execute(
            select(customers.c.customer_id).where(customers.c.customer_id == customer_id)
        ).first()
    if found is None:
        raise UnknownCustomer(
            f"There is no customer {customer_id!r}; `rapport customers links` shows customer numbers."
        )


def _show(found: Iterable[Link], nothing: str) -> None:
    empty = True
    for each in found:
        empty = False
        sure = f"{each.probability:.1%}" if each.probability is not None else str(each.method)
        console.print(f"[bold]{each.link_id}[/]  {each.left_id} and {each.right_id}  {sure}, by {each.method}")
        if each.reason:
            console.print(f"    {each.reason}", markup=False)
        for says, weight in each.evidence:
            console.print(f"    {says}{'' if weight is None else f' ({weight:+.1f} bits)'}", markup=False)
    if empty:
        note(nothing)
