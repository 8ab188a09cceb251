"""How well the customers whom an e-mail changes are told from the others, on Hillstrom's e-mail experiment."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.errors import MissingData
from benchmarks.report import Report, Row, Target, at_least
from bot.cli.display import step
from crm_models.uplift.averaging import PARTS, averaged
from crm_models.uplift.bag import fit_bag
from crm_models.uplift.comparison import cross_validate
from crm_models.uplift.encoding import Encoding
from crm_models.uplift.learners import CANDIDATES, class_logistic, forest_effect, t_boosted, t_logistic
from crm_models.uplift.qini import Trial, qini

FILE = "hillstrom/hillstrom_email_experiment.csv.gz"
SOURCE = "github.com/Carlos-Orellana-Heredia/hillstrom-email-experiment"
COLUMNS = ("recency", "history", "mens", "womens", "zip_code", "newbie", "channel")
CONTROL = "No E-Mail"
SEED = 7
OURS = "ours"
T_LOGISTIC, T_BOOSTED = "two models, logistic", "two models, LightGBM"
CLASS, FOREST = "class transformation", "causal forest (econml)"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """Which arm against no e-mail, and what counts as an outcome."""

    arm: str
    outcome: str
    halves: int

    @property
    def title(self) -> str:
        return f"Hillstrom, {self.arm} against none: {self.outcome}"


QUESTIONS = (
    Question("Womens E-Mail", "visit", 20),
    Question("Mens E-Mail", "visit", 8),
    Question("Womens E-Mail", "conversion", 8),
    Question("Mens E-Mail", "conversion", 8),
)


def run(data: Path | None, quick: bool) -> Report:
    """Random halves: learn on one, measure on the other."""
    table = read_hillstrom(data)
    if quick:
        table = table.sample(n=min(len(table), 6000), random_state=SEED)
    rows: list[Row] = []
    for question in QUESTIONS[:1] if quick else QUESTIONS:
        halves = 2 if quick else question.halves
        found, weights = measure(table, question, halves)
        rows += rows_of(question, found, main=question is QUESTIONS[0])
        rows += [Row(f"{question.title}, weight of {name}", weight, "share") for name, weight in weights.items()]
    return Report("uplift", rows, {"halves": SEED}, _notes(quick))


def read_hillstrom(data: Path | None) -> pd.DataFrame:
    """64,000 customers, a third each: an e-mail about women's goods, one about men's, none. Hillstrom 2008."""
    if data is None or not (data / FILE).is_file():
        raise MissingData(
            f"This suite needs {FILE} ({SOURCE}). Give --data the folder that holds the folders of the data sets."
        )
    with gzip.open(data / FILE, "rt", encoding="utf-8") as file:
        return pd.read_csv(file)


def measure(table: pd.DataFrame, question: Question, halves: int) -> tuple[dict[str, Floats], dict[str, float]]:
    """Qini in percent by model, float (halves,), and the mean weight of each learner in ours."""
    trial, pair = trial_of(table, question)
    found: dict[str, list[float]] = {}
    weights: dict[str, float] = dict.fromkeys(PARTS, 0.0)
    with step(question.title) as running:
        for number in range(halves):
            learn = np.random.default_rng([SEED, number]).permutation(len(trial)) < len(trial) // 2
            values, test = _encoded(pair, learn), trial.only(~learn)
            scores, weighed = scores_of(values[learn], trial.only(learn), values[~learn], number)
            for name, weight in weighed.items():
                weights[name] += weight / halves
            for name, score in scores.items():
                found.setdefault(name, []).append(100 * qini(score, test))
            running.count(number + 1, halves)
    return {name: np.asarray(each) for name, each in found.items()}, weights


def trial_of(table: pd.DataFrame, question: Question) -> tuple[Trial, pd.DataFrame]:
    pair = table[table["segment"].isin([question.arm, CONTROL])]
    treated = (pair["segment"] == question.arm).to_numpy()
    share = np.full(len(pair), 0.5)  # drawn at random, a third each
    return Trial(treated, pair[question.outcome].to_numpy(dtype=np.float64), share), pair


def scores_of(values: Floats, trial: Trial, wanted: Floats, seed: int) -> tuple[dict[str, Floats], Mapping[str, float]]:
    """By model, the scores of the rows `wanted`; and the weights of the learners in ours."""
    groups = np.arange(len(values))
    found = cross_validate(values, trial, groups, {name: CANDIDATES[name] for name in PARTS}, seed)
    ours, _ = fit_bag(averaged(found.shares), values, trial, groups, seed).predict(wanted)
    peers = {T_LOGISTIC: t_logistic, T_BOOSTED: t_boosted, CLASS: class_logistic}
    scores = {OURS: ours, **{name: fit(values, trial, seed).predict(wanted) for name, fit in peers.items()}}
    scores[FOREST] = forest_effect(values, trial, wanted, seed)
    return scores, found.weights


def rows_of(question: Question, found: Mapping[str, Floats], main: bool) -> list[Row]:
    """Mean and spread over the halves; ours less each two-model learner, half by half, with an interval."""
    peers = {name: each for name, each in found.items() if name != OURS}
    anchor = "Lai .767 +- .160" if main else None
    title, unit = question.title, "percent"
    rows = [
        Row(f"{title}, Qini, mean", _mean(found[OURS]), unit, None, _each(peers, _mean), anchor),
        Row(f"{title}, Qini, spread (SD of halves)", _spread(found[OURS]), unit, None, _each(peers, _spread)),
        Row(f"{title}, Qini, 2.5 % of halves", _low(found[OURS]), unit, None, _each(peers, _low)),
        Row(f"{title}, Qini, 97.5 % of halves", _high(found[OURS]), unit, None, _each(peers, _high)),
    ]
    for name in (T_LOGISTIC, T_BOOSTED):
        ahead = found[OURS] - found[name]
        target: Target | None = at_least(0.0) if main else None
        rows += [
            Row(f"{title}, ahead of {name}, mean", _mean(ahead), unit, target),
            Row(f"{title}, ahead of {name}, 2.5 % of halves", _low(ahead), unit),
            Row(f"{title}, ahead of {name}, 97.5 % of halves", _high(ahead), unit),
            Row(f"{title}, ahead of {name}, share of halves", float((ahead > 0).mean()), "share"),
        ]
    return rows


def _encoded(pair: pd.DataFrame, learn: NDArray[np.bool_]) -> Floats:
    return Encoding.of(pair[learn], COLUMNS).apply(pair)


def _each(found: Mapping[str, Floats], figure: object) -> dict[str, float | None]:
    assert callable(figure)
    return {name: figure(each) for name, each in found.items()}


def _mean(values: Floats) -> float:
    return float(values.mean())


def _spread(values: Floats) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _low(values: Floats) -> float:
    return float(np.quantile(values, 0.025))


def _high(values: Floats) -> float:
    return float(np.quantile(values, 0.975))


def _notes(quick: bool) -> list[str]:
    notes = [
        "Qini: customers sorted by score; incremental outcomes of the first k, Y_t - Y_c N_t / N_c (Radcliffe 2007), "
        "over all treated, against the share targeted; area between this curve and the straight line to its end, "
        "times 100. Not divided by a perfect order's area. Ties are targeted together",
        "ours: the average of four learners (two logistic models; one, strongly penalised, with the offer times each "
        "column; two additive tree models; two of small trees), each weighted by its Qini in a 4-fold cross-validation "
        "inside the training half, fitted on 16 resamples of that half, their mean; the other half is seen once. The "
        "causal forest is a peer only",
        "class transformation: Lai et al. 2006 / Jaskowski and Jaroszewicz 2012 with logistic regression; two models: "
        "a model for each arm; causal forest: econml.grf.CausalForest, 100 trees, on residuals",
        "spread and quantiles are over the halves, which share customers: they tell how much a figure depends on the "
        "split, not how far another campaign would lie",
    ]
    if quick:
        notes.append("--quick: 6,000 customers, 2 halves, one question; the figures say nothing about quality")
    return notes
