"""Learners of the effect of an offer on each customer. All give a weighted sum of small models, see `heads`.

T, S and X as in Kuenzel, Sekhon, Bickel and Yu (2019), "Metalearners for estimating heterogeneous treatment effects";
DR as in Kennedy (2020), "Towards optimal doubly robust estimation"; class transformation as in Jaskowski and
Jaroszewicz (2012) with the weights of Lai et al. (2006); the causal forest of Athey, Tibshirani and Wager (2019) is
econml's, told by boosted trees that learn its estimates, as a forest of econml can be kept by pickling only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from crm_models.uplift.heads import (
    Boosted,
    Effect,
    Floats,
    Linear,
    fit_boosted,
    fit_logistic,
    fit_ridge,
)
from crm_models.uplift.qini import Trial

Learner = Callable[[Floats, Trial, int], Effect]
"""Standardised values float (rows, columns), the trial, and a seed."""

_SMALLEST, _LARGEST = 0.02, 0.98  # propensities are held between, so that no customer outweighs all others
_FOREST_TREES = 100
_STRONG = 0.003  # inverse of a penalty that matters: as in `fit_logistic`
_OFFER = 3.0  # scale of the offer itself, so that the penalty spares the average effect


def t_logistic(values: Floats, trial: Trial, seed: int) -> Effect:
    """Two models: the chance with the offer less the chance without."""
    with_offer, without = _arms(values, trial, fit_logistic)
    return Effect(((1.0, with_offer), (-1.0, without)))


def t_shrunk(values: Floats, trial: Trial, seed: int) -> Effect:
    """The same with a strong penalty: what the two models disagree on by chance counts less."""
    with_offer, without = _arms(values, trial, partial(fit_logistic, strength=_STRONG))
    return Effect(((1.0, with_offer), (-1.0, without)))


def t_boosted(values: Floats, trial: Trial, seed: int) -> Effect:
    """The same with boosted trees."""
    with_offer, without = (
        fit_boosted(values[arm], trial.outcome[arm], seed, binary=True, leaves=3)
        for arm in (trial.treated, ~trial.treated)
    )
    return Effect(((1.0, with_offer), (-1.0, without)))


def t_additive(values: Floats, trial: Trial, seed: int) -> Effect:
    """The same with trees of one split each: every column has a curve of its own, and none depends on another."""
    with_offer, without = (
        fit_boosted(values[arm], trial.outcome[arm], seed, binary=True, leaves=2, rounds=80, penalty=50.0, leaf=0.05)
        for arm in (trial.treated, ~trial.treated)
    )
    return Effect(((1.0, with_offer), (-1.0, without)))


def s_logistic(values: Floats, trial: Trial, seed: int) -> Effect:
    """One logistic regression in which the offer moves the weight of every column, with a strong penalty."""
    side = np.where(trial.treated, 0.5, -0.5)[:, None]
    whole = np.hstack([values, _OFFER * side, side * values])
    head = fit_logistic(whole, trial.outcome, strength=_STRONG)
    columns = values.shape[1]
    plain, offer, moved = head.weight[:columns], head.weight[columns], head.weight[columns + 1 :]
    with_offer, without = (
        Linear(head.bias + _OFFER * half * offer, plain + half * moved, logistic=True) for half in (0.5, -0.5)
    )
    return Effect(((1.0, with_offer), (-1.0, without)))


def s_boosted(values: Floats, trial: Trial, seed: int) -> Effect:
    """One model that knows whether the offer was made."""
    whole = np.hstack([values, trial.treated[:, None].astype(np.float64)])
    head = fit_boosted(whole, trial.outcome, seed, binary=True)
    return Effect(((1.0, Boosted(head.text, (1.0,))), (-1.0, Boosted(head.text, (0.0,)))))


def x_boosted(values: Floats, trial: Trial, seed: int) -> Effect:
    """What each customer did, less what the other arm's model expects; both arms weighted by the propensity."""
    treated = trial.treated
    with_offer, without = _arms(values, trial, fit_logistic)
    gained = trial.outcome[treated] - without.predict(values[treated])
    missed = with_offer.predict(values[~treated]) - trial.outcome[~treated]
    share = float(trial.propensity.mean())
    return Effect(
        (
            (1.0 - share, fit_boosted(values[treated], gained, seed, binary=False)),
            (share, fit_boosted(values[~treated], missed, seed, binary=False)),
        )
    )


def dr_linear(values: Floats, trial: Trial, seed: int) -> Effect:
    """A ridge regression on the doubly robust outcome."""
    return Effect(((1.0, fit_ridge(values, doubly_robust(values, trial, seed))),))


def class_logistic(values: Floats, trial: Trial, seed: int) -> Effect:
    """Class transformation: the chance of being treated with, or untreated without the outcome; effect = 2 p - 1."""
    head = fit_logistic(values, transformed(trial), trial.weight / trial.weight.mean())
    return Effect(((2.0, head), (-1.0, _one(values.shape[1]))))


def causal_forest(values: Floats, trial: Trial, seed: int) -> Effect:
    """Econml's causal forest on what the covariates leave unexplained, told by boosted trees."""
    return Effect(((1.0, fit_boosted(values, forest_effect(values, trial, values, seed), seed, binary=False)),))


def forest_effect(values: Floats, trial: Trial, wanted: Floats, seed: int) -> Floats:
    """The causal forest's own estimates for the rows `wanted`, float (rows,)."""
    from econml.grf import CausalForest  # type: ignore[import-untyped]

    expected = fit_logistic(values, trial.outcome).predict(values)
    forest = CausalForest(
        n_estimators=_FOREST_TREES,
        min_samples_leaf=max(10, len(values) // 100),
        max_depth=6,
        inference=False,
        random_state=seed,
        n_jobs=1,
    )
    forest.fit(values, trial.treated - trial.propensity, trial.outcome - expected)
    return np.asarray(forest.predict(wanted), dtype=np.float64).ravel()


def blend(values: Floats, trial: Trial, seed: int) -> Effect:
    """The mean of three that err differently: two models, linear and boosted, and one."""
    parts = [learner(values, trial, seed) for learner in (t_shrunk, t_boosted, s_logistic)]
    return Effect(tuple(term for part in parts for term in part.scaled(1.0 / len(parts))))


CANDIDATES: Mapping[str, Learner] = {
    "t_logistic": t_logistic,
    "t_shrunk": t_shrunk,
    "t_boosted": t_boosted,
    "t_additive": t_additive,
    "s_logistic": s_logistic,
    "s_boosted": s_boosted,
    "x_boosted": x_boosted,
    "dr_linear": dr_linear,
    "class_logistic": class_logistic,
    "causal_forest": causal_forest,
    "blend": blend,
}


def transformed(trial: Trial) -> Floats:
    """1 for the treated with the outcome and the untreated without it, else 0."""
    return np.asarray(trial.treated == (trial.outcome > 0), dtype=np.float64)


def doubly_robust(values: Floats, trial: Trial, seed: int) -> Floats:
    """Kennedy's pseudo-outcome: its mean given the values is the effect. The two halves tell of each other."""
    found = np.zeros(len(values))
    half = np.random.default_rng(seed).permutation(len(values)) % 2 == 0
    for rows, others in ((half, ~half), (~half, half)):
        with_offer, without = (head.predict(values[rows]) for head in _arms(values[others], trial.only(others)))
        given, outcome, chance = (part[rows] for part in (trial.treated, trial.outcome, trial.propensity))
        chance = np.clip(chance, _SMALLEST, _LARGEST)
        found[rows] = (
            with_offer
            - without
            + given * (outcome - with_offer) / chance
            - ~given * (outcome - without) / (1.0 - chance)
        )
    return found


def _arms(values: Floats, trial: Trial, fit: Callable[..., Linear] = fit_logistic) -> tuple[Linear, Linear]:
    treated = trial.treated
    return fit(values[treated], trial.outcome[treated]), fit(values[~treated], trial.outcome[~treated])


def _one(columns: int) -> Linear:
    return Linear(1.0, np.zeros(columns))
