"""Returning and exchanging what was delivered."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from shop_fixture import (
    ADA,
    BEN,
    BENS,
    BENS_LINE,
    BLIND_LINE,
    CLAIMED,
    DELIVERED,
    EARPHONES_LINE,
    KETTLE_LINE,
    NOBODY,
    NOW,
    OLD,
    OLD_LINE,
    PAN_LINE,
    PENDING,
    add_order,
    balance,
    ledger,
    rows_of,
    stock,
)
from sqlalchemy import insert, update
from sqlalchemy.engine import Connection

from crm_models import tables
from crm_models.orders import get_order
from crm_models.returns import (
    ExchangeOutcome,
    ReturnOutcome,
    WindowOutcome,
    exchange_delivered_items,
    exchange_delivered_lines,
    exchange_options,
    quote_return,
    return_delivered_items,
    return_window_ends,
)
from crm_models.shop_policy import ShopPolicy, TierTerms, write_policy


def _everything(connection: Connection) -> list[list[object]]:
    return [rows_of(connection, table) for table in tables.metadata.sorted_tables]


def test_a_return_is_announced(shop: Connection) -> None:
    result = return_delivered_items(shop, ADA, DELIVERED, [PAN_LINE], "does not fit", None, NOW)
    assert result.outcome is ReturnOutcome.REQUESTED
    assert result.label_cents == 0  # silver
    assert result.window_ends == date(2026, 4, 25) + timedelta(days=45)
    (refund,) = result.refunds
    assert not refund.done and refund.expected_until is None  # first the parcel
    order = get_order(shop, ADA, DELIVERED)
    assert order is not None
    assert order.status == "return_requested"
    assert [line.status for line in order.lines] == ["ordered", "ordered", "return_requested"]
    (row,) = rows_of(shop, tables.returns)
    assert (row.line_id, row.kind, row.reason, row.status) == (
        PAN_LINE,
        "return",
        "does_not_fit",
        "requested",
    )
    assert ledger(shop, DELIVERED)[1:] == [("refund", result.refund_cents, "visa", "pending")]
    (mail,) = rows_of(shop, tables.mails)
    assert mail.template == "return_label"


def test_the_discount_is_shared_by_the_lines(shop: Connection) -> None:
    quote = quote_return(shop, ADA, DELIVERED, [PAN_LINE], None, NOW)
    assert quote.outcome is ReturnOutcome.ELIGIBLE
    assert quote.refund_cents == 3000 - 1001 * 3000 // 24800


def test_line_by_line_gives_what_all_at_once_gives(shop: Connection) -> None:
    write_policy(shop, ShopPolicy(tiers={"silver": TierTerms(return_label_cents=0)}))
    lines = [EARPHONES_LINE, BLIND_LINE, PAN_LINE]
    at_once = quote_return(shop, ADA, DELIVERED, lines, "faulty", NOW).refund_cents
    one_by_one = 0
    for line_id in lines:
        one_by_one += return_delivered_items(shop, ADA, DELIVERED, [line_id], "faulty", None, NOW).refund_cents
        shop.execute(update(tables.returns).values(status="closed"))
        shop.execute(update(tables.orders).where(tables.orders.c.order_id == DELIVERED).values(status="delivered"))
        shop.execute(
            update(tables.order_lines).where(tables.order_lines.c.line_id == line_id).values(status="returned")
        )
    assert one_by_one == at_once == 24800 - 1001 + 490  # express cost 990; standard comes back


def test_shipping_stays_paid_when_something_is_kept(shop: Connection) -> None:
    with_shipping = quote_return(shop, BEN, BENS, [BENS_LINE], None, NOW)
    assert with_shipping.label_cents == 390
    assert with_shipping.refund_cents == 4490 + 490 - 390
    kept = quote_return(shop, ADA, DELIVERED, [PAN_LINE, EARPHONES_LINE], "faulty", NOW)
    assert kept.refund_cents == 15900 - 1001 * 15900 // 24800


def test_the_label_is_free_when_the_shop_is_at_fault(shop: Connection) -> None:
    quote = quote_return(shop, BEN, BENS, [BENS_LINE], "Wrong item", NOW)
    assert (quote.label_cents, quote.refund_cents) == (0, 4490 + 490)


@pytest.mark.parametrize(
    ("line_ids", "sealed", "reason", "outcome"),
    [
        ([EARPHONES_LINE], [], None, ReturnOutcome.ONLY_SEALED),
        ([EARPHONES_LINE], [EARPHONES_LINE], None, ReturnOutcome.ELIGIBLE),
        ([EARPHONES_LINE], [], "faulty", ReturnOutcome.ELIGIBLE),
        ([BLIND_LINE], [BLIND_LINE], None, ReturnOutcome.NOT_RETURNABLE),
        ([BLIND_LINE], [], "damaged", ReturnOutcome.ELIGIBLE),
        ([PAN_LINE, BLIND_LINE, EARPHONES_LINE], [], None, ReturnOutcome.NOT_RETURNABLE),
        ([PAN_LINE, KETTLE_LINE], [], None, ReturnOutcome.NOT_FOUND),
        ([PAN_LINE, BENS_LINE], [], None, ReturnOutcome.NOT_FOUND),
        ([], [], None, ReturnOutcome.NOT_FOUND),
    ],
)
def test_what_may_go_back(
    shop: Connection, line_ids: list[int], sealed: list[int], reason: str | None, outcome: ReturnOutcome
) -> None:
    assert quote_return(shop, ADA, DELIVERED, line_ids, reason, NOW, sealed).outcome is outcome


@pytest.mark.parametrize(
    ("identity", "order_id", "line_id", "method", "outcome"),
    [
        (ADA, OLD, OLD_LINE, None, ReturnOutcome.TOO_LATE),
        (ADA, PENDING, KETTLE_LINE, None, ReturnOutcome.NOT_DELIVERED),
        (ADA, BENS, BENS_LINE, None, ReturnOutcome.NOT_FOUND),
        (ADA, "HV-999999", BENS_LINE, None, ReturnOutcome.NOT_FOUND),
        (BEN, DELIVERED, PAN_LINE, None, ReturnOutcome.NOT_FOUND),
        (CLAIMED, DELIVERED, PAN_LINE, None, ReturnOutcome.NEEDS_VERIFICATION),
        (NOBODY, DELIVERED, PAN_LINE, None, ReturnOutcome.NEEDS_VERIFICATION),
        (ADA, DELIVERED, PAN_LINE, "paypal", ReturnOutcome.METHOD_NOT_ALLOWED),
        (ADA, DELIVERED, PAN_LINE, "bens-visa", ReturnOutcome.METHOD_NOT_FOUND),
    ],
)
def test_a_refused_return_changes_nothing(
    shop: Connection,
    identity: object,
    order_id: str,
    line_id: int,
    method: str | None,
    outcome: ReturnOutcome,
) -> None:
    before = _everything(shop)
    result = return_delivered_items(shop, identity, order_id, [line_id], None, method, NOW)  # type: ignore[arg-type]
    assert result.outcome is outcome
    assert _everything(shop) == before


def test_an_order_has_one_open_request(shop: Connection) -> None:
    return_delivered_items(shop, ADA, DELIVERED, [PAN_LINE], None, None, NOW)
    for line_id in (PAN_LINE, EARPHONES_LINE):
        again = return_delivered_items(shop, ADA, DELIVERED, [line_id], "faulty", None, NOW)
        assert again.outcome is ReturnOutcome.ALREADY_REQUESTED
    exchange = exchange_delivered_items(shop, ADA, DELIVERED, PAN_LINE, "PAN-24", None, NOW)
    assert exchange.outcome is ExchangeOutcome.ALREADY_REQUESTED


def test_a_gift_card_waits_for_the_parcel_too(shop: Connection) -> None:
    return_delivered_items(shop, ADA, DELIVERED, [PAN_LINE], None, "gift", NOW)
    assert balance(shop, "gift") == 20000
    assert ledger(shop, DELIVERED)[1][2:] == ("gift", "pending")


def test_what_was_not_paid_by_gift_card_comes_back_first(shop: Connection) -> None:
    add_order(shop, "HV-1", "delivered", 5, [("LAMP-WHITE", 1, 5990)], payment_method_id="gift")
    paid = {"kind": "payment", "amount_cents": 2000, "payment_method_id": "visa", "status": "done"}
    shop.execute(update(tables.payments).where(tables.payments.c.order_id == "HV-1").values(amount_cents=3990))
    shop.execute(insert(tables.payments).values(order_id="HV-1", created_at=NOW, **paid))
    line_id = rows_of(shop, tables.order_lines, order_id="HV-1")[0].line_id
    result = return_delivered_items(shop, ADA, "HV-1", [line_id], None, None, NOW)
    assert [(refund.payment_method_id, refund.amount_cents) for refund in result.refunds] == [
        ("visa", 2000),
        ("gift", 3990),
    ]


def test_the_window_is_open_through_its_last_day(shop: Connection) -> None:
    last = datetime(2026, 6, 9, 23, 59)
    window = return_window_ends(shop, ADA, DELIVERED, last)
    assert (window.outcome, window.ends) == (WindowOutcome.OPEN, last.date())
    assert quote_return(shop, ADA, DELIVERED, [PAN_LINE], None, last).outcome is ReturnOutcome.ELIGIBLE
    late = last + timedelta(minutes=1)
    assert return_window_ends(shop, ADA, DELIVERED, late).outcome is WindowOutcome.CLOSED
    assert quote_return(shop, ADA, DELIVERED, [PAN_LINE], None, late).outcome is ReturnOutcome.TOO_LATE


def test_the_window_counts_from_the_last_parcel(shop: Connection) -> None:
    shop.execute(
        insert(tables.shipments).values(
            order_id=OLD, tracking_id="T2", carrier="DHL", status="delivered", delivered_at=NOW
        )
    )
    assert return_window_ends(shop, ADA, OLD, NOW).ends == NOW.date() + timedelta(days=45)


def test_the_window_of_todays_tier_holds(shop: Connection) -> None:
    assert return_window_ends(shop, ADA, OLD, NOW).outcome is WindowOutcome.CLOSED
    shop.execute(update(tables.customers).values(tier="gold"))
    assert return_window_ends(shop, ADA, OLD, NOW - timedelta(days=20)).outcome is WindowOutcome.OPEN
    write_policy(shop, ShopPolicy(tiers={"basic": TierTerms(return_days=None)}))
    assert return_window_ends(shop, ADA, OLD, NOW).outcome is WindowOutcome.NO_LIMIT
    assert return_window_ends(shop, ADA, PENDING, NOW).outcome is WindowOutcome.NOT_DELIVERED
    assert return_window_ends(shop, ADA, BENS, NOW).outcome is WindowOutcome.NOT_FOUND


def test_an_exchange_reserves_the_new_piece(shop: Connection) -> None:
    result = exchange_delivered_items(shop, ADA, DELIVERED, PAN_LINE, "PAN-24", None, NOW)
    assert (result.outcome, result.difference_cents) == (ExchangeOutcome.REQUESTED, -500)
    assert result.refund is not None and not result.refund.done
    assert (stock(shop, "PAN-24"), stock(shop, "PAN-28")) == (5, 6)  # the old one is still with the customer
    order = get_order(shop, ADA, DELIVERED)
    assert order is not None
    assert (order.status, order.lines[2].status) == ("exchange_requested", "exchange_requested")
    (row,) = rows_of(shop, tables.returns)
    assert (row.kind, row.new_item_id) == ("exchange", "PAN-24")
    assert ledger(shop, DELIVERED)[1:] == [("refund", 500, "visa", "pending")]


def test_a_dearer_exchange_is_paid_with_the_label(shop: Connection) -> None:
    result = exchange_delivered_items(shop, BEN, BENS, BENS_LINE, "KETTLE-BLACK", None, NOW)
    assert (result.outcome, result.difference_cents, result.label_cents) == (
        ExchangeOutcome.REQUESTED,
        500,
        390,
    )
    assert ledger(shop, BENS)[1:] == [("payment", 890, "bens-visa", "pending")]


def test_a_faulty_piece_is_exchanged_free(shop: Connection) -> None:
    result = exchange_delivered_items(shop, BEN, BENS, BENS_LINE, "KETTLE-BLACK", None, NOW, reason="faulty")
    assert result.to_pay_cents == 500


@pytest.mark.parametrize(
    ("identity", "order_id", "line_id", "item_id", "method", "outcome"),
    [
        (ADA, DELIVERED, PAN_LINE, "PAN-28", None, ExchangeOutcome.SAME_OPTION),
        (ADA, DELIVERED, PAN_LINE, "LAMP-BLACK", None, ExchangeOutcome.OTHER_PRODUCT),
        (ADA, DELIVERED, EARPHONES_LINE, "EARPHONES-BLACK", None, ExchangeOutcome.ONLY_SEALED),
        (ADA, DELIVERED, BLIND_LINE, "BLIND-120", None, ExchangeOutcome.NOT_RETURNABLE),
        (ADA, OLD, OLD_LINE, "LAMP-BLACK", None, ExchangeOutcome.TOO_LATE),
        (ADA, PENDING, KETTLE_LINE, "KETTLE-BLACK", None, ExchangeOutcome.NOT_DELIVERED),
        (ADA, BENS, BENS_LINE, "KETTLE-BLACK", None, ExchangeOutcome.NOT_FOUND),
        (ADA, DELIVERED, BENS_LINE, "KETTLE-BLACK", None, ExchangeOutcome.NOT_FOUND),
        (BEN, BENS, BENS_LINE, "KETTLE-BLUE", None, ExchangeOutcome.OUT_OF_STOCK),
        (BEN, BENS, BENS_LINE, "KETTLE-BLACK", "gift", ExchangeOutcome.METHOD_NOT_FOUND),
        (NOBODY, DELIVERED, PAN_LINE, "PAN-24", None, ExchangeOutcome.NEEDS_VERIFICATION),
    ],
)
def test_a_refused_exchange_changes_nothing(
    shop: Connection,
    identity: object,
    order_id: str,
    line_id: int,
    item_id: str,
    method: str | None,
    outcome: ExchangeOutcome,
) -> None:
    before = _everything(shop)
    result = exchange_delivered_items(shop, identity, order_id, line_id, item_id, method, NOW)  # type: ignore[arg-type]
    assert result.outcome is outcome
    assert _everything(shop) == before


def test_an_exchange_is_all_or_nothing(shop: Connection) -> None:
    add_order(shop, "HV-1", "delivered", 5, [("LAMP-WHITE", 1, 5990), ("KETTLE-RED", 1, 4490)])
    lamp, kettle = (row.line_id for row in rows_of(shop, tables.order_lines, order_id="HV-1"))
    before = _everything(shop)
    poor = exchange_delivered_lines(shop, ADA, "HV-1", {lamp: "LAMP-BLACK", kettle: "KETTLE-BLACK"}, "small-gift", NOW)
    assert poor.outcome is ExchangeOutcome.BALANCE_TOO_LOW
    assert poor.to_pay_cents == 1000
    assert _everything(shop) == before
    done = exchange_delivered_lines(shop, ADA, "HV-1", {lamp: "LAMP-BLACK", kettle: "KETTLE-BLACK"}, "gift", NOW)
    assert done.outcome is ExchangeOutcome.REQUESTED
    assert balance(shop, "gift") == 19000


def test_a_shop_may_exchange_nothing(shop: Connection) -> None:
    write_policy(shop, ShopPolicy(exchanges_allowed=False))
    result = exchange_delivered_items(shop, ADA, DELIVERED, PAN_LINE, "PAN-24", None, NOW)
    assert result.outcome is ExchangeOutcome.NOT_OFFERED


def test_exchange_options_are_in_stock_and_priced(shop: Connection) -> None:
    options = exchange_options(shop, ADA, KETTLE_LINE)
    assert [(option.item_id, option.difference_cents) for option in options] == [
        ("KETTLE-CREAM", -500),
        ("KETTLE-BLACK", 500),
    ]
    assert options[0].options_text == "cream, 1.0 l"
    assert exchange_options(shop, BEN, KETTLE_LINE) == exchange_options(shop, NOBODY, KETTLE_LINE) == ()
