"""Pages of the shop: start, product, help, and the demo's sign-in and mailbox."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.engine import Connection

from crm_models.database import reading
from crm_models.shop_policy import ShopFacts, read_facts
from crm_models.tokens import issue_token
from knowledge.render import render_html
from web.errors import Refused
from web.pages import render, templates
from web.security import check_form
from web.services import Services, services_of
from web.shop import art, catalogue, personas

router = APIRouter(include_in_schema=False)
templates.env.globals.update(still_life=art.still_life, tone=art.tone)


def _for_show(services: Services, facts: ShopFacts) -> bool:
    """Being signed in by a click, and reading all mail, is for shops whose customers are not real people."""
    return services.settings.demo or facts.source == "demo"


def _frame(request: Request, services: Services, connection: Connection) -> dict[str, Any]:
    """What every page of the shop shows around its content, the chat with its token included."""
    facts = read_facts(connection)
    people = personas.list_personas(connection) if _for_show(services, facts) else []
    customer_id = personas.chosen(request, services.keys.session_key)
    me = next((person for person in people if person.customer_id == customer_id), None)
    token = issue_token(services.keys.token_key, me.customer_id, services.now()) if me else None
    return {
        "shop": facts,
        "personas": people,
        "me": me,
        "token": token,
        "mailbox": _for_show(services, facts),
    }


def _page(
    request: Request, template: str, services: Services, connection: Connection, values: Mapping[str, Any]
) -> Response:
    return render(request, template, {**_frame(request, services, connection), **values})


@router.get("/")
@router.get("/demo")
def start(request: Request) -> Response:
    services = services_of(request)
    with reading(services.database.engine) as connection:
        categories = catalogue.list_by_category(connection)
        return _page(request, "shop/start.html", services, connection, {"categories": categories})


@router.get("/products/{product_id}")
def product(request: Request, product_id: str) -> Response:
    services = services_of(request)
    with reading(services.database.engine) as connection:
        found = catalogue.get_product(connection, product_id)
        if found is None:
            raise Refused(404, "not_found")
        return _page(request, "shop/product.html", services, connection, {"product": found})


@router.post("/demo/sign-in")
async def sign_in(request: Request) -> Response:
    """Be one of the offered customers, or nobody."""
    services = services_of(request)
    await check_form(request, services.keys.session_key)
    form = await request.form()
    wanted = str(form.get("customer_id", "")) or None
    facts = await services.database.read(read_facts)
    people = await services.database.read(personas.list_personas) if _for_show(services, facts) else []
    if wanted is not None and wanted not in {person.customer_id for person in people}:
        raise Refused(404, "not_found")
    response = RedirectResponse(_own_path(str(form.get("next", "/"))), 303)
    personas.choose(response, services.keys.session_key, wanted, services.settings.secure_cookies)
    return response


@router.get("/demo/mailbox")
def mailbox(request: Request, everybody: bool = False) -> Response:
    """Mails the demo shop would send, one-time codes among them."""
    services = services_of(request)
    with reading(services.database.engine) as connection:
        if not _for_show(services, read_facts(connection)):
            raise Refused(404, "not_found")
        me = None if everybody else personas.chosen(request, services.keys.session_key)
        values = {"mails": personas.list_mails(connection, me), "everybody": me is None}
        return _page(request, "shop/mailbox.html", services, connection, values)


@router.get("/help")
def help_index(request: Request) -> Response:
    services = services_of(request)
    documents = services.articles.list_documents()
    topics = [(topic, list(group)) for topic, group in groupby(documents, key=lambda found: found.topic)]
    with reading(services.database.engine) as connection:
        return _page(request, "shop/help.html", services, connection, {"topics": topics})


@router.get("/help/{document_id:path}")
def help_article(request: Request, document_id: str) -> Response:
    services = services_of(request)
    document = services.articles.get_document(document_id)
    if document is None:
        raise Refused(404, "not_found")
    with reading(services.database.engine) as connection:
        values = {"document": document, "body": render_html(document)}
        return _page(request, "shop/article.html", services, connection, values)


def _own_path(target: str) -> str:
    """The path of this site to go back to; never another site."""
    parts = urlsplit(target)
    own = not parts.scheme and not parts.netloc and target.startswith("/") and "\\" not in target
    return target if own and not target.startswith("//") else "/"
