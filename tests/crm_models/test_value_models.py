"""BG/NBD, Pareto/NBD and Gamma-Gamma: published figures, known parameters, and other ways to the same number."""

from __future__ import annotations

from datetime import datetime

import mpmath
import numpy as np
import pandas as pd
import pytest

from benchmarks.cdnow import CALIBRATED_UNTIL, read_sample, read_transactions, sample_candidates
from bot.settings import PROJECT
from crm_models.errors import BadTable
from crm_models.value.bg_nbd import BgNbd
from crm_models.value.gamma_gamma import GammaGamma
from crm_models.value.pareto_nbd import ParetoNbd
from crm_models.value.repeat_buying import RepeatBuying, repeat_buying, summarise

DATA = PROJECT.parent / "shared" / "data"
with_cdnow = pytest.mark.skipif(not (DATA / "cdnow").is_dir(), reason="the CDNOW data set is not beside the checkout")
BG = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
PARETO = ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.669)
# who never came again, a usual customer, one who is probably gone, a heavy and a very heavy buyer
KINDS = repeat_buying(
    np.array([0.0, 2.0, 2.0, 26.0, 400.0]),
    np.array([0.0, 30.43, 3.0, 38.0, 38.8]),
    np.array([38.86, 38.86, 38.86, 38.86, 38.86]),
)


@pytest.fixture(scope="module")
def sample() -> RepeatBuying:
    """The published calibration of 2,357 customers, in weeks."""
    return read_sample(DATA)


@with_cdnow
def test_bg_nbd_finds_the_published_parameters(sample: RepeatBuying) -> None:
    """Fader, Hardie and Lee (2005), table 2."""
    model = BgNbd.fit(sample)
    assert [model.r, model.alpha, model.a, model.b] == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=6e-4)
    assert model.log_likelihood(sample).sum() == pytest.approx(-9582.4, abs=0.06)


@with_cdnow
def test_pareto_nbd_finds_the_published_parameters(sample: RepeatBuying) -> None:
    """Fader, Hardie and Lee (2005), table 2."""
    model = ParetoNbd.fit(sample)
    assert [model.r, model.alpha, model.s, model.beta] == pytest.approx([0.553, 10.578, 0.606, 11.669], rel=1e-3)
    assert model.log_likelihood(sample).sum() == pytest.approx(-9595.0, abs=0.06)


@with_cdnow
def test_the_published_customer_of_the_bg_nbd_note(sample: RepeatBuying) -> None:
    """x = 2, t_x = 30.43, T = 38.86: 1.226 purchases in 39 weeks, in Fader and Hardie's spreadsheet."""
    usual = sample.rows(slice(0, 1))
    assert (usual.frequency[0], usual.recency[0], usual.T[0]) == (2, 30.43, 38.86)
    assert BG.expected(usual, 39.0)[0] == pytest.approx(1.226, abs=1e-3)


@with_cdnow
def test_the_published_summary_is_what_the_log_says(sample: RepeatBuying) -> None:
    """Every customer of the summary is in the log, when it is summed up as the paper does: by days, until the 30th of
    September."""
    found = summarise(read_transactions(DATA), CALIBRATED_UNTIL, unit_days=7.0)
    log = set(zip(found["frequency"], (found["recency"] * 7).round(), (found["T"] * 7).round(), strict=True))
    published = zip(sample.frequency, (sample.recency * 7).round(), (sample.T * 7).round() + 1, strict=True)
    assert set(published) <= log


@pytest.mark.parametrize(("model", "T"), [(BG, 200.0), (PARETO, 80.0)], ids=["bg_nbd", "pareto_nbd"])
def test_parameters_of_made_up_customers_are_found_again(model: BgNbd | ParetoNbd, T: float) -> None:
    customers = model.simulate(np.full(6_000, T), np.random.default_rng(3))
    found = type(model).fit(customers)
    likely = found.log_likelihood(customers).sum()
    assert likely >= model.log_likelihood(customers).sum() - 1e-6
    for name, true in vars(model).items():
        assert getattr(found, name) == pytest.approx(true, rel=0.25), name


def test_what_is_expected_comes() -> None:
    """The lives of made-up customers, cut in two: the model knows the first part and expects the second."""
    random = np.random.default_rng(4)
    known, horizon, customers = 40.0, 40.0, 20_000
    rate = random.gamma(2.0, 0.1, customers)
    life = random.exponential(1.0, customers) / random.gamma(1.5, 1.0 / 60.0, customers)
    before = random.poisson(rate * np.minimum(life, known)).astype(float)
    after = random.poisson(rate * np.clip(life - known, 0.0, horizon))
    last = random.random(customers) ** (1 / np.maximum(before, 1)) * np.minimum(life, known) * (before > 0)
    buying = repeat_buying(before, last, np.full(customers, known))
    model = ParetoNbd(r=2.0, alpha=10.0, s=1.5, beta=60.0)
    expected = model.expected(buying, horizon)
    assert expected.mean() == pytest.approx(after.mean(), rel=0.02)
    assert model.alive(buying).mean() == pytest.approx((life > known).mean(), abs=0.01)
    for part in np.array_split(np.argsort(expected), 5):
        assert expected[part].mean() == pytest.approx(after[part].mean(), rel=0.12, abs=0.05)


@pytest.mark.parametrize("model", [BG, PARETO], ids=["bg_nbd", "pareto_nbd"])
def test_the_unit_of_time_does_not_matter(model: BgNbd | ParetoNbd) -> None:
    weeks = model.simulate(np.full(1_500, 60.0), np.random.default_rng(1))
    days = RepeatBuying(weeks.frequency, weeks.recency * 7, weeks.T * 7)
    one, other = type(model).fit(weeks), type(model).fit(days)
    assert other.expected(days, 70.0) == pytest.approx(one.expected(weeks, 10.0), rel=1e-3)


def test_bg_nbd_expects_what_its_published_formula_says() -> None:
    """Eq. 10 with the paper's 2F1, in 50 digits."""
    mpmath.mp.dps = 50
    r, alpha, a, b = (mpmath.mpf(value) for value in vars(BG).values())
    for horizon in (1.0, 39.0, 500.0):
        found = BG.expected(KINDS, horizon)
        for row, (x, t_x, T) in enumerate(zip(KINDS.frequency, KINDS.recency, KINDS.T, strict=True)):
            z = horizon / (alpha + T + horizon)
            power = ((alpha + T) / (alpha + T + horizon)) ** (r + x)
            top = (a + b + x - 1) / (a - 1) * (1 - power * mpmath.hyp2f1(r + x, b + x, a + b + x - 1, z))
            odds = (x > 0) * a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x)
            assert found[row] == pytest.approx(float(top / (1 + odds)), rel=5e-5)


def test_pareto_nbd_is_as_likely_as_its_published_formula_says() -> None:
    """Schmittlein et al. in the form of Fader and Hardie (2005): two hypergeometric functions that are subtracted."""
    mpmath.mp.dps = 80
    r, alpha, s, beta = (mpmath.mpf(value) for value in vars(PARETO).values())
    found, alive = PARETO.log_likelihood(KINDS), PARETO.alive(KINDS)
    for row, (x, t_x, T) in enumerate(zip(KINDS.frequency, KINDS.recency, KINDS.T, strict=True)):
        k, gap = r + s + x, beta - alpha  # beta is the larger one
        old, new = (
            mpmath.hyp2f1(k, r + x, k + 1, gap / (beta + t)) / (beta + t) ** k for t in (mpmath.mpf(t_x), mpmath.mpf(T))
        )
        standing = 1 / ((alpha + T) ** (r + x) * (beta + T) ** s)
        gone = s / k * (old - new)
        shared = mpmath.gamma(r + x) / mpmath.gamma(r) * alpha**r * beta**s
        assert found[row] == pytest.approx(float(mpmath.log(shared * (standing + gone))), rel=1e-8)
        assert alive[row] == pytest.approx(float(standing / (standing + gone)), rel=1e-6)


@pytest.mark.parametrize("parameters", [(0.02, 0.01, 0.02, 300.0), (30.0, 4000.0, 8.0, 0.5), (1.0, 10.0, 1.0, 10.0)])
def test_extreme_parameters_give_numbers(parameters: tuple[float, ...]) -> None:
    for model in (BgNbd(*parameters), ParetoNbd(*parameters)):
        assert np.isfinite(model.log_likelihood(KINDS)).all()
        alive, expected = model.alive(KINDS), model.expected(KINDS, 52.0)
        assert np.all((alive >= 0) & (alive <= 1)) and np.all(np.isfinite(expected) & (expected >= 0))
        assert np.all(model.expected(KINDS, 104.0) >= expected)


def test_nobody_drops_out_before_a_purchase_in_bg_nbd() -> None:
    assert BG.alive(KINDS)[0] == 1.0
    assert PARETO.alive(KINDS)[0] < 1.0


@pytest.mark.parametrize(
    ("numbers", "rule"),
    [
        ((1, 40, 30), "recency .* must not exceed T"),
        ((-1, 0, 30), "frequency must not be negative"),
        ((1.5, 10, 30), "whole number"),
        ((0, 10, 30), "recency must be 0 where frequency is 0"),
        ((2, 0, 30), "recency must be above 0"),
        ((1, 10, np.nan), "T must be a number"),
    ],
)
def test_an_impossible_customer_is_refused_by_name(numbers: tuple[float, ...], rule: str) -> None:
    good = (1.0, 10.0, 30.0)
    columns = (np.array([one, other], dtype=float) for one, other in zip(good, numbers, strict=True))
    with pytest.raises(BadTable, match=f"Row 2 .*{rule}"):
        repeat_buying(*columns)


@with_cdnow
def test_gamma_gamma_finds_the_published_parameters() -> None:
    """Fader and Hardie (2013): p = 6.25, q = 3.74, v = 15.44 for the 946 repeat customers of the sample.

    All but a few of them can be told in the log without doubt; of the others the first is taken.
    """
    log, published = read_transactions(DATA), read_sample(DATA)
    candidates = sample_candidates(log, published)
    again = [each[0] for each, repeats in zip(candidates, published.frequency > 0, strict=True) if repeats]
    assert len(again) == 946
    found = summarise(log, CALIBRATED_UNTIL).loc[again]
    found = found[found["mean_repeat"] > 0]
    model = GammaGamma.fit(found["frequency"].to_numpy(), found["mean_repeat"].to_numpy())
    assert [model.p, model.q, model.v] == pytest.approx([6.25, 3.74, 15.44], rel=0.02)


def test_gamma_gamma_parameters_of_made_up_customers_are_found_again() -> None:
    random = np.random.default_rng(8)
    true = GammaGamma(p=6.25, q=3.74, v=15.44)
    orders = random.integers(1, 9, 30_000).astype(float)
    rate = random.gamma(true.q, 1.0 / true.v, len(orders))
    mean = random.gamma(true.p * orders) / rate / orders
    found = GammaGamma.fit(orders, mean)
    assert [found.p, found.q, found.v] == pytest.approx([true.p, true.q, true.v], rel=0.1)


def test_a_single_dear_order_is_drawn_to_the_average() -> None:
    model = GammaGamma(p=6.25, q=3.74, v=15.44)
    average = model.expected(np.array([0.0]), np.array([0.0]))[0]
    assert average == pytest.approx(6.25 * 15.44 / 2.74)
    once, often = model.expected(np.array([1.0, 50.0]), np.array([200.0, 200.0]))
    assert average < once < often < 200.0


@pytest.mark.parametrize(("orders", "mean"), [(0.0, 20.0), (2.0, 0.0), (2.0, -3.0), (2.0, np.nan)])
def test_amounts_that_cannot_be_are_refused(orders: float, mean: float) -> None:
    with pytest.raises(BadTable, match="row 2"):
        GammaGamma.fit(np.array([1.0, orders]), np.array([30.0, mean]))


def test_purchases_of_one_day_count_once() -> None:
    log = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "b", "b"],
            "date": [datetime(2024, *each) for each in ((1, 1, 9), (1, 1, 17), (1, 15), (1, 8), (3, 1))],
            "amount": [10.0, 5.0, 9.0, 7.0, 70.0],
        }
    )
    found = summarise(log, datetime(2024, 1, 29), unit_days=7.0)
    assert found.loc["a", ["frequency", "recency", "T", "orders"]].tolist() == [1, 2, 4, 2]
    assert found.loc["a", ["mean_amount", "mean_repeat"]].tolist() == [12, 9]
    assert found.loc["b", ["frequency", "recency", "T"]].tolist() == [0, 0, 3]
