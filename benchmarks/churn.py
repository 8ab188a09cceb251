"""`rapport bench churn`: who leaves, on two public tables, by repeated cross-validation around the whole training.

Every fold trains from its own rows alone: which columns are read, the comparison of the candidates, the choice, the
blend and the calibration all happen inside. Peers are packages at their defaults, on the same folds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.errors import MissingData
from benchmarks.options import Options
from benchmarks.report import Report, Row, Target, at_least, at_most
from bot.cli.display import step
from crm_models.churn.comparison import Plan
from crm_models.churn.metrics import scores_of
from crm_models.churn.table_model import TableChurn

OURS = "rapport"
SEED = 2026
REPEATS, FOLDS = 5, 5
INNER_FOLDS = 5
QUICK_ROWS = 900

Chances = NDArray[np.float64]
Learner = Callable[[pd.DataFrame, NDArray[np.bool_], pd.DataFrame], Chances]


@dataclass(frozen=True)
class ChurnData:
    file: str
    target: str
    left: str  # the value of who left
    identifier: str
    source: str
    targets: Mapping[str, Target]
    anchors: Mapping[str, str]


DATA_SETS = {
    "telco": ChurnData(
        "telco_churn/Telco-Customer-Churn.csv", "Churn", "Yes", "customerID",
        "github.com/IBM/telco-customer-churn-on-icp4d",
        {"auc": at_least(0.849), "pr_auc": at_least(0.665), "ece": at_most(0.02)},
        {"auc": "TabPFN .8495, CatBoost .8472, LightGBM .834"},
    ),
    "bankchurners": ChurnData(
        "bankchurners_credit/clean.csv", "Attrition_Flag", "Attrited Customer", "CLIENTNUM",
        "kaggle.com/datasets/sakshigoyal7/credit-card-customers",
        {"auc": at_least(0.992), "ece": at_most(0.02)},
        {},
    ),
}  # fmt: skip
MEASURES = {"auc": "AUC", "pr_auc": "PR-AUC", "ece": "ECE", "log_loss": "log-loss"}


def run(data: Path | None, quick: bool, options: Options) -> Report:
    """Both tables, or the one that the options name.

    Raises:
        MissingData: a table is not in the data folder.
        BadOption: the options name a table that is not in this suite.
    """
    rows: list[Row] = []
    notes: list[str] = []
    for name in options.chosen(list(DATA_SETS)):
        about = DATA_SETS[name]
        found, served = _measure(name, about, _read(data, about, quick), quick, options.peers != "none")
        rows += _rows(name, about, found)
        spread = ", ".join(f"{title} {found[OURS][measure].std():.4f}" for measure, title in MEASURES.items())
        notes.append(f"{name}: served in the folds: {served}; standard deviation of ours over the repeats: {spread}")
    return Report("churn", rows, {"folds": SEED, "training": Plan().seed}, [*_notes(quick), *notes])


def _read(data: Path | None, about: ChurnData, quick: bool) -> pd.DataFrame:
    if data is None or not (data / about.file).exists():
        raise MissingData(f"The suite churn needs {about.file} below --data; it can be had from {about.source}.")
    table = pd.read_csv(data / about.file, keep_default_na=True)
    return table.sample(QUICK_ROWS, random_state=SEED, ignore_index=True) if quick else table


def _measure(
    name: str, about: ChurnData, table: pd.DataFrame, quick: bool, with_peers: bool
) -> tuple[dict[str, dict[str, NDArray[np.float64]]], str]:
    """By model and measure: the value of each repeat; and which candidate served how often."""
    from sklearn.model_selection import StratifiedKFold  # type: ignore[import-untyped]

    left = (table[about.target] == about.left).to_numpy()
    repeats, folds = (1, 2) if quick else (REPEATS, FOLDS)
    served: list[str] = []
    learners: dict[str, Learner] = {OURS: lambda learn, _, ask: _ours(about, learn, ask, quick, served)}
    learners |= PEERS if with_peers else {}
    scores: dict[str, list[dict[str, float]]] = {who: [] for who in learners}
    with step(f"Churn on {name} ({len(table):,} customers)") as running:
        for repeat in range(repeats):
            splits = list(StratifiedKFold(folds, shuffle=True, random_state=SEED + repeat).split(left, left))
            for number, (who, learner) in enumerate(learners.items()):
                chance = np.zeros(len(left))
                parts = []
                for fold, (learn, ask) in enumerate(splits):
                    running.part(who, (repeat * len(learners) + number) * folds + fold, repeats * folds * len(learners))
                    given = [_given(about, table.iloc[rows], who) for rows in (learn, ask)]
                    chance[ask] = learner(given[0], left[learn], given[1])
                    parts.append(scores_of(chance[ask], left[ask]))
                mean = {measure: float(np.mean([part[measure] for part in parts])) for measure in MEASURES}
                # of all rows at once: in a single fold the error of a bin's share would count as bad calibration
                scores[who].append({**mean, "ece": scores_of(chance, left)["ece"]})
    found = {
        who: {measure: np.array([each[measure] for each in repeated]) for measure in MEASURES}
        for who, repeated in scores.items()
    }
    counts = pd.Series(served).value_counts()
    return found, ", ".join(f"{candidate} {count}" for candidate, count in counts.items())


def _given(about: ChurnData, table: pd.DataFrame, who: str) -> pd.DataFrame:
    """Ours gets the table as it is; the peers are spared the column that numbers the customers."""
    return table if who == OURS else table.drop(columns=[about.target, about.identifier])


def _ours(about: ChurnData, learn: pd.DataFrame, ask: pd.DataFrame, quick: bool, served: list[str]) -> Chances:
    plan = Plan(repeats=1, folds=2 if quick else INNER_FOLDS)
    model = TableChurn(about.target, about.left, plan=plan).fit(learn)
    assert model.comparison is not None
    served.append(model.comparison.chosen)
    return model.predict(ask.drop(columns=about.target)).to_numpy()


def _lightgbm(learn: pd.DataFrame, left: NDArray[np.bool_], ask: pd.DataFrame) -> Chances:
    from lightgbm import LGBMClassifier

    learn, ask = _as_categories(learn, ask)
    return np.asarray(LGBMClassifier(n_jobs=1, verbosity=-1).fit(learn, left).predict_proba(ask))[:, 1]


def _forest(learn: pd.DataFrame, left: NDArray[np.bool_], ask: pd.DataFrame) -> Chances:
    from sklearn.ensemble import RandomForestClassifier  # type: ignore[import-untyped]

    return _piped(RandomForestClassifier(random_state=0), learn, left, ask)


def _logistic(learn: pd.DataFrame, left: NDArray[np.bool_], ask: pd.DataFrame) -> Chances:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    return _piped(LogisticRegression(max_iter=1000), learn, left, ask)


PEERS: Mapping[str, Learner] = {"LightGBM": _lightgbm, "random forest": _forest, "logistic regression": _logistic}


def _piped(model: Any, learn: pd.DataFrame, left: NDArray[np.bool_], ask: pd.DataFrame) -> Chances:
    """Numbers standardised with gaps at the mean, categories one-hot: what scikit-learn's guide does."""
    from sklearn.compose import make_column_transformer  # type: ignore[import-untyped]
    from sklearn.impute import SimpleImputer  # type: ignore[import-untyped]
    from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
    from sklearn.preprocessing import OneHotEncoder, StandardScaler  # type: ignore[import-untyped]

    learn, ask = _as_categories(learn, ask)
    numbers = list(learn.select_dtypes("number").columns)
    categories = [name for name in learn.columns if name not in numbers]
    for name in categories:
        learn[name], ask[name] = learn[name].astype(str), ask[name].astype(str)
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), categories),
    )
    return np.asarray(make_pipeline(encode, model).fit(learn, left).predict_proba(ask))[:, 1]


def _as_categories(learn: pd.DataFrame, ask: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Texts that are numbers as numbers, the others as categories of the rows to learn from."""
    learn, ask = learn.copy(), ask.copy()
    for name in learn.select_dtypes("object").columns:
        numbers = pd.to_numeric(learn[name], errors="coerce")
        if numbers.notna().mean() > 0.95:
            learn[name], ask[name] = numbers, pd.to_numeric(ask[name], errors="coerce")
        else:
            kind = pd.CategoricalDtype(sorted(learn[name].dropna().unique()))
            learn[name], ask[name] = learn[name].astype(kind), ask[name].astype(kind)
    return learn, ask


def _rows(name: str, about: ChurnData, found: Mapping[str, Mapping[str, NDArray[np.float64]]]) -> list[Row]:
    rows = []
    for measure, title in MEASURES.items():
        value = {who: float(each[measure].mean()) for who, each in found.items()}
        peers = {who: each for who, each in value.items() if who != OURS}
        targets, anchors = about.targets.get(measure), about.anchors.get(measure)
        rows.append(Row(f"{name}: {title}", value[OURS], "", targets, peers, anchors))
    return rows


def _notes(quick: bool) -> list[str]:
    notes = [
        f"{REPEATS} x {FOLDS}-fold, stratified; in each fold ours compares its candidates by {INNER_FOLDS}-fold "
        "cross-validation of the training rows, chooses, blends and calibrates there",
        "AUC, PR-AUC (average precision) and log-loss: mean over the folds; ECE: 10 bins of equal width over all rows "
        "of a repeat, each predicted by the fold that had not seen it, then the mean over the repeats",
        "ours does not read what names a protected characteristic (gender); the peers do",
    ]
    if quick:
        notes.append(f"--quick: {QUICK_ROWS} rows, 1 x 2 folds; the figures say nothing about quality")
    return notes
