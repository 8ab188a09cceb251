"""One customer's years with the shop: a Poisson-like process of orders whose rate follows the mood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from numpy.random import Generator

from crm_models.shop_policy import ShopPolicy, TierTerms
from demo.after_sales import AfterSales
from demo.basket import Shopper
from demo.catalogue import Item, Product
from demo.delivery import plan_route
from demo.loyalty import LoyaltyAccount
from demo.market import Market
from demo.moments import sale_percent, season, shopping_hour, working_day_after
from demo.mood import Mood
from demo.people import Person, method_id
from demo.purchase import Line, Method, Purchase
from demo.traits import Traits

_DAYS_A_YEAR = 365.25
_BUSIEST = 1.5 * 2.2  # bound of season and sale together, for thinning
_CANCELS = 0.025
_EXPRESS = 0.12
_INVOICE = 0.2  # chance that who may pay on invoice wants to
_INVOICE_DAYS = (3, 16)  # until an invoice is paid
_VOUCHER_POINTS, _VOUCHERS_MOST = 500, 4
_SLEEPY_START = 0.6  # the first order comes sooner than the rate says: people join to buy


@dataclass
class Life:
    """Everything one customer did."""

    person: Person
    traits: Traits
    shopper: Shopper
    mood: Mood
    account: LoyaltyAccount
    purchases: list[Purchase]


class Simulator:
    """Lives the lives of customers up to a day; holds what they share."""

    def __init__(self, market: Market, policy: ShopPolicy, until: datetime) -> None:
        self._market = market
        self._policy = policy
        self._until = until
        self.products: dict[str, Product] = market.catalogue.by_item()
        self._after_sales = AfterSales(policy, self.products)

    def live(self, random: Generator, person: Person, traits: Traits) -> Life:
        account = LoyaltyAccount(self._policy, self.products)
        life = Life(person, traits, Shopper(self._market, traits), Mood(traits), account, [])
        moment = person.created_at + timedelta(days=_SLEEPY_START * float(random.exponential(10)))
        while moment < self._until:
            life.mood.feel(random, moment)
            if not life.purchases or self._buys_now(random, life, moment):
                self._order(random, life, shopping_hour(random, moment.date()))
            moment += timedelta(days=float(random.exponential(_DAYS_A_YEAR / (traits.rate * _BUSIEST))))
        life.mood.feel(random, self._until)
        person.tier = account.tier(self._until)
        return life

    def _buys_now(self, random: Generator, life: Life, moment: datetime) -> bool:
        """Thinning (Lewis and Shedler 1979): candidates come at the highest rate, this keeps those due."""
        day = moment.date()
        lure = 1.0 + 1.2 * life.traits.price_sensitivity * (sale_percent(day) > 0)
        return random.random() < season(day) * lure * life.mood.pace / _BUSIEST

    def _order(self, random: Generator, life: Life, placed_at: datetime) -> None:
        placed_at = max(placed_at, life.person.created_at + timedelta(minutes=9))
        if life.purchases:
            placed_at = max(placed_at, life.purchases[-1].placed_at + timedelta(minutes=33))
        if placed_at >= self._until:
            return
        terms = life.account.terms(placed_at)
        basket = life.shopper.fill_basket(random)
        purchase = self._purchase(random, life, basket, terms, placed_at)
        if random.random() < _CANCELS * (1 + (purchase.total_cents > 20_000)):
            self._cancel(random, purchase)
        else:
            self._after_sales.follow(random, purchase, life.traits, life.mood, terms)
        life.account.add(purchase)
        life.purchases.append(purchase)

    def _purchase(
        self,
        random: Generator,
        life: Life,
        basket: list[tuple[Item, int]],
        terms: TierTerms,
        placed_at: datetime,
    ) -> Purchase:
        large = any(self.products[item.item_id].is_large for item, _ in basket)
        express = random.random() < _EXPRESS * (1.4 - life.traits.patience)
        route = plan_route(random, placed_at, large=large, express=express)
        purchase = Purchase(
            customer_id=life.person.customer_id,
            placed_at=placed_at,
            lines=[Line(item, pieces, item.price_cents) for item, pieces in basket],
            method=life.person.methods[0],
            address=life.person.address,
            **vars(route),
        )
        self._discount(random, life, purchase)
        purchase.shipping_cents = shipping_cents(terms, purchase, large=large, express=express)
        self._pay(random, life, purchase)
        return purchase

    def _discount(self, random: Generator, life: Life, purchase: Purchase) -> None:
        """A sale's code or a voucher for points: the more the price counts, the more often."""
        if self._holds_gift_card(purchase):
            return
        keen = life.traits.price_sensitivity
        percent = sale_percent(purchase.placed_at.date())
        if percent and random.random() < 0.15 + 0.85 * keen:
            purchase.discount_cents = purchase.goods_cents * percent // 100
            return
        vouchers = min(life.account.points(purchase.placed_at) // _VOUCHER_POINTS, _VOUCHERS_MOST)
        worth = vouchers * _VOUCHER_POINTS * 100 // self._policy.points_for_one_unit
        if vouchers > 0 and worth < purchase.goods_cents and random.random() < 0.1 + 0.6 * keen:
            purchase.discount_cents = worth
            purchase.points_spent = vouchers * _VOUCHER_POINTS

    def _pay(self, random: Generator, life: Life, purchase: Purchase) -> None:
        """With a gift card that covers it, on invoice, or with one of the other methods.

        A new gift card is bought with a card or PayPal only.
        """
        person = life.person
        for_gift = self._holds_gift_card(purchase)
        covering = [m for m in person.methods if (m.balance_cents or 0) >= purchase.total_cents]
        if covering and not for_gift and random.random() < 0.5:
            purchase.method = covering[0]
            covering[0].balance_cents = (covering[0].balance_cents or 0) - purchase.total_cents
            return
        tier = life.account.tier(purchase.placed_at)
        if tier in self._policy.invoice_tiers and not for_gift and random.random() < _INVOICE:
            purchase.method = _invoice(person)
            days = int(random.integers(*_INVOICE_DAYS))
            purchase.paid_at = purchase.delivered_at + timedelta(days=days)
            return
        usual = [m for m in person.methods if m.kind in ("credit_card", "paypal")]
        other = len(usual) > 1 and random.random() < 0.15
        purchase.method = usual[1 if other else 0]

    def _holds_gift_card(self, purchase: Purchase) -> bool:
        return any(self.products[line.item.item_id].is_gift_card for line in purchase.lines)

    def _cancel(self, random: Generator, purchase: Purchase) -> None:
        """Only before packing starts. The money is on its way back for some working days."""
        share = float(random.uniform(0.05, 0.95))
        at = purchase.placed_at + (purchase.processed_at - purchase.placed_at) * share
        reasons = self._policy.cancel_reasons
        purchase.cancelled_at = at.replace(microsecond=0)
        purchase.cancel_reason = reasons[int(random.integers(len(reasons)))]
        due = working_day_after(at, int(random.integers(*self._policy.refund_working_days)))
        purchase.refunded_at = datetime.combine(due, at.time()).replace(microsecond=0)
        if purchase.method.kind == "gift_card":
            purchase.refunded_at = purchase.cancelled_at


def shipping_cents(terms: TierTerms, purchase: Purchase, *, large: bool, express: bool) -> int:
    """What delivery costs at these terms."""
    if large:
        return terms.large_item_shipping_cents or 0
    if express:
        return terms.express_shipping_cents or 0
    free_from = terms.free_shipping_from_cents
    if free_from is not None and purchase.goods_cents - purchase.discount_cents >= free_from:
        return 0
    return terms.standard_shipping_cents or 0


def _invoice(person: Person) -> Method:
    for method in person.methods:
        if method.kind == "invoice":
            return method
    method = Method(method_id(person.customer_id, len(person.methods) + 1), "invoice")
    person.methods.append(method)
    return method
