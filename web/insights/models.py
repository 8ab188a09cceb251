"""The page about the customer models: how their scores are spread, of which version they are, and its card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.errors import BadModel
from crm_models.shop_policy import read_facts
from crm_models.staff import Role
from crm_models.tables import predictions, satisfaction
from web.errors import Refused
from web.insights import charts
from web.insights.tables import Row, as_csv
from web.pages import render
from web.services import services_of
from web.staff.access import READERS, require

if TYPE_CHECKING:
    from crm_models.registry.catalogue import Version
    from crm_models.score_overview import ScoreOverview

router = APIRouter(prefix="/insights/models", include_in_schema=False)
ADMINS = frozenset({Role.ADMIN})
_MOST_LABELS = 12
# Whose score is worth a picture beside its labels, and what a bin's numbers are.
_AMOUNTS = frozenset({"value"})
_SHARES = frozenset({"churn", "stage", "uplift"})


@router.get("")
async def all_models(request: Request) -> Response:
    member = await require(request, READERS)
    services = services_of(request)
    values = await services.database.read(_read, services.settings.models_folder)
    return render(request, "insights/models.html", {"member": member, "charts": charts, **values})


@router.get("/{name}-customers.csv")
async def customers(request: Request, name: str) -> Response:
    """The scores by customer, for a campaign: for administrators, as all that names a single person."""
    await require(request, ADMINS)
    return await _csv(request, f"{name}-customers", _customers, name)


@router.get("/{name}.csv")
async def spread(request: Request, name: str) -> Response:
    await require(request, READERS)
    return await _csv(request, name, _spread, services_of(request).settings.models_folder, name)


@router.get("/{name}")
async def card(request: Request, name: str) -> Response:
    """The card of the version in use; of an older one with `rapport models show`."""
    member = await require(request, READERS)
    services = services_of(request)
    found = await services.database.read(lambda _: _versions(services.settings.models_folder).get(name))
    if found is None:
        raise Refused(404, "not_found")
    return render(request, "insights/model.html", {"member": member, "found": found})


def _read(connection: Connection, models: Path) -> dict[str, object]:
    from crm_models.score_overview import score_overview  # loads numpy, which the chat does without

    versions = _versions(models)
    overviews = score_overview(connection, models)
    scored = {each.model for each in overviews}
    return {
        "overviews": [(each, versions.get(each.model), *_told(each, connection)) for each in overviews],
        "unscored": [version for name, version in versions.items() if name not in scored],
        "most_labels": _MOST_LABELS,
    }


def _told(overview: ScoreOverview, connection: Connection) -> tuple[str, list[tuple[str, int]]]:
    """The mean, and what each bin is called with its count."""
    unit = read_facts(connection).currency if overview.model in _AMOUNTS else ""

    def number(value: float) -> str:
        if overview.model in _AMOUNTS:
            return f"{value / 100:,.0f}"
        return f"{value * 100:.3g} %" if overview.model in _SHARES else f"{value:.3g}"

    bins = [(f"{number(each.low)} to {number(each.high)}", each.count) for each in overview.bins]
    return f"{number(overview.mean)} {unit}".strip(), bins


def _versions(models: Path) -> dict[str, Version]:
    """The version in use of each model; without its card where that cannot be read."""
    from crm_models.registry.catalogue import Version, find_version
    from crm_models.registry.versions import current_folder, model_names

    found = {}
    for name in model_names(models):
        folder = current_folder(models, name)
        if folder is not None:
            try:
                found[name] = find_version(models, name)
            except BadModel:
                found[name] = Version(name, folder.name, True, folder, None, None)
    return found


async def _csv(request: Request, called: str, read: object, *arguments: object) -> Response:
    services = services_of(request)
    rows = await services.database.read(read, *arguments)  # type: ignore[arg-type]
    if rows is None:
        raise Refused(404, "not_found")
    name = f"rapport-{called}-{services.now().date()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(as_csv(rows), media_type="text/csv", headers=headers)


def _spread(connection: Connection, models: Path, name: str) -> list[Row] | None:
    """Labels and bins of one model; None where it has scored nobody."""
    from crm_models.score_overview import score_overview

    for each in score_overview(connection, models):
        if each.model == name:
            rows: list[Row] = [("model", "kind", "label", "from", "to", "count", "share")]
            rows += [(name, "label", one.label, None, None, one.count, one.count / each.count) for one in each.labels]
            rows += [(name, "score", None, one.low, one.high, one.count, one.count / each.count) for one in each.bins]
            return rows
    return None


def _customers(connection: Connection, name: str) -> list[Row] | None:
    columns = ("customer_id", "value", "label", "model_version", "scored_at")
    query = select(*(predictions.c[column] for column in columns)).where(predictions.c.model == name)
    if name == satisfaction.name:
        columns = ("conversation_id", "customer_id", "score", "model_version", "scored_at")
        query = select(*(satisfaction.c[column] for column in columns))
    rows = connection.execute(query.order_by(query.selected_columns[0])).all()
    return [columns, *(tuple(row) for row in rows)] if rows else None
