"""Every score of a customer with its reasons, on the terminal."""

from __future__ import annotations

from rich.table import Table

from bot.cli.config import Config
from bot.cli.display import console, note
from bot.cli.errors import UnknownCustomer
from bot.cli.prepare import open_database
from crm_models.customers import find_customer
from crm_models.database import reading
from crm_models.score_words import customer_scores


def explain(config: Config, customer: str) -> None:
    with reading(open_database(config)) as connection:
        found = find_customer(connection, **{"email" if "@" in customer else "customer_id": customer})
        if found is None:
            raise UnknownCustomer(f"No customer has the number or e-mail {customer}.")
        scores = customer_scores(connection, found)
    if not scores:
        note(f"{found} has no score yet. `rapport models score` scores every customer.")
        return
    table = Table(title=found, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for title in ("model", "score", "meaning", "because of"):
        table.add_column(title, no_wrap=title == "model")
    for each in scores:
        table.add_row(each.model, each.score, each.label, each.reasons)
        if each.details:
            table.add_row("", "", "", f"[dim]{each.details}[/]")
    console.print(table)
    oldest = min(each.scored_at for each in scores)
    console.print(
        f"[dim]Scored on {oldest:%Y-%m-%d %H:%M} UTC or later, by {', '.join(each.version for each in scores)}.[/]"
    )
