"""The methods that a lender could take instead, each as its own documentation would have it used.

A peer is a function of loans to learn from, their weights and a seed; it returns a function of
loans to judge. All run one thread. Defaults are kept, for a small lender has nobody who tunes; the
settings that differ are those that a method needs in order to use the segments at all.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import catboost
import gpboost
import lightgbm
import numpy as np
import numpy.typing as npt
import optbinning
import pandas as pd
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from benchmarks.thin.loans import SEGMENTS, Floats, Loans

Predict = Callable[[Loans], Floats]
Fit = Callable[[Loans, Floats, int], Predict]

UNKNOWN = "unknown"
TREES = 500
RARE = 15
"""Loans that a level needs to be looked at alone by a method that shrinks nothing."""
STATE_LEAST = 30
"""A state with fewer loans, or fewer than five of either outcome, is left to the global model."""


def global_logistic(loans: Loans, weight: Floats, seed: int) -> Predict:
    """Fit numbers and small factors; no segment."""
    del seed
    design = _Design(loans)
    model = LogisticRegression(max_iter=1000).fit(design(loans), loans.default, weight)
    return lambda others: model.predict_proba(design(others))[:, 1]


def state_logistic(loans: Loans, weight: Floats, seed: int) -> Predict:
    """Fit the same for each state apart, where it has loans enough."""
    everywhere = global_logistic(loans, weight, seed)
    apart: dict[object, Predict] = {}
    for state in set(loans.labels["state"]):
        rows = np.flatnonzero(loans.labels["state"] == state)
        bad = loans.default[rows].sum()
        if len(rows) >= STATE_LEAST and min(bad, len(rows) - bad) >= 5:
            apart[state] = global_logistic(loans.take(rows), weight[rows], seed)

    def predict(others: Loans) -> Floats:
        answer = everywhere(others)
        for state, model in apart.items():
            rows = np.flatnonzero(others.labels["state"] == state)
            if len(rows):
                answer[rows] = model(others.take(rows))
        return answer

    return predict


def credibility(loans: Loans, weight: Floats, seed: int) -> Predict:
    """Add to the global model, segment by segment, a Buehlmann-Straub estimate of its residuals.

    On the logit scale a level's residual is one Newton step, ``sum(w(y-p)) / sum(wp(1-p))``; its
    variance within is one over the same sum, and the variance between levels is by moments.
    """
    base = global_logistic(loans, weight, seed)
    score = logit(base(loans))
    effects: dict[str, dict[object, float]] = {}
    for segment in ("sector", "industry", "state", "place", "bank"):
        levels, at = np.unique(_known(loans.labels[segment]), return_inverse=True)
        pd_now = expit(score)
        evidence = np.bincount(at, weight * pd_now * (1 - pd_now))
        residual = np.bincount(at, weight * (loans.default - pd_now)) / evidence
        total = evidence.sum()
        mean = residual @ evidence / total
        spread = ((residual - mean) ** 2) @ evidence - (len(levels) - 1)
        between = max(0.0, spread / (total - (evidence**2).sum() / total))
        pooled = mean + between * evidence / (between * evidence + 1) * (residual - mean)
        effects[segment] = dict(zip(levels.tolist(), pooled.tolist(), strict=True))
        score = score + pooled[at]

    def predict(others: Loans) -> Floats:
        answer = logit(base(others))
        for segment, known in effects.items():
            answer += [known.get(label, 0.0) for label in _known(others.labels[segment])]
        return expit(answer)

    return predict


def target_encoding(loans: Loans, weight: Floats, seed: int) -> Predict:
    """Encode each segment by its smoothed default rate, out of fold, and fit a logistic model."""
    del seed
    design = _Design(loans)
    encoder = TargetEncoder(target_type="binary")

    def segments(of: Loans) -> npt.NDArray[Any]:
        return np.column_stack([_known(of.labels[name]) for name in SEGMENTS])

    encoded = encoder.fit_transform(segments(loans), loans.default)
    scaler = StandardScaler().fit(encoded)
    columns = np.hstack([design(loans), scaler.transform(encoded)])
    model = LogisticRegression(max_iter=1000).fit(columns, loans.default, weight)

    def predict(others: Loans) -> Floats:
        encoded = scaler.transform(encoder.transform(segments(others)))
        return model.predict_proba(np.hstack([design(others), encoded]))[:, 1]

    return predict


def scorecard(loans: Loans, weight: Floats, seed: int) -> Predict:
    """Fit optbinning's scorecard: optimal bins, weights of evidence, a logistic model.

    Rare levels of a segment go into one bin. Without that setting each level of two or three loans
    is believed to the letter, and the card is worse than one without segments.
    """
    del seed
    frame = _frame(loans)
    rare = {
        name: RARE / len(loans) for name in SEGMENTS if frame[name].value_counts().iloc[0] > RARE
    }
    frame = frame.drop(columns=[name for name in SEGMENTS if name not in rare])
    process = optbinning.BinningProcess(
        [*frame],
        categorical_variables=[name for name in frame if name in loans.labels],
        binning_fit_params={name: {"cat_cutoff": share} for name, share in rare.items()},
        n_jobs=1,
    )
    model = optbinning.Scorecard(process, LogisticRegression(max_iter=1000))
    model.fit(frame, loans.default.astype(np.int64), sample_weight=weight)
    return lambda others: model.predict_proba(_frame(others)[[*frame]])[:, 1]


def light(loans: Loans, weight: Floats, seed: int) -> Predict:
    """Fit LightGBM's default, segments as its categories."""
    kinds = {
        name: pd.CategoricalDtype(sorted(set(_known(column))))
        for name, column in loans.labels.items()
    }
    model = lightgbm.LGBMClassifier(n_jobs=1, verbose=-1, random_state=seed)
    model.fit(_frame(loans).astype(kinds), loans.default, sample_weight=weight)
    return lambda others: model.predict_proba(_frame(others).astype(kinds))[:, 1]


def cat(loans: Loans, weight: Floats, seed: int) -> Predict:
    """Fit CatBoost's default with 500 trees, labels as its categories."""
    model = catboost.CatBoostClassifier(
        iterations=TREES, thread_count=1, random_seed=seed, verbose=False,
        allow_writing_files=False, cat_features=[*loans.labels],
    )  # fmt: skip
    model.fit(_frame(loans), loans.default.astype(np.int64), sample_weight=weight)
    return lambda others: model.predict_proba(_frame(others), thread_count=1)[:, 1]


def mixed(loans: Loans, weight: Floats, seed: int) -> Predict:
    """Fit GPBoost's generalised linear mixed model: the global one and five crossed effects."""
    del seed
    design = _Design(loans, intercept=True)

    def groups(of: Loans) -> npt.NDArray[Any]:
        return np.column_stack([_known(of.labels[name]) for name in SEGMENTS]).astype(str)

    model = gpboost.GPModel(
        group_data=groups(loans), likelihood="bernoulli_logit", num_parallel_threads=1,
        weights=None if np.ptp(weight) == 0 else weight,
    )  # fmt: skip
    model.fit(y=loans.default, X=design(loans))
    return lambda others: model.predict(
        group_data_pred=groups(others), X_pred=design(others), predict_response=True
    )["mu"]  # fmt: skip


PEERS: Mapping[str, Fit] = {
    "CatBoost, 500 trees": cat,
    "GPBoost, crossed effects": mixed,
    "LightGBM": light,
    "optbinning scorecard": scorecard,
    "target encoding": target_encoding,
    "Buehlmann-Straub": credibility,
    "global logistic": global_logistic,
    "logistic by state": state_logistic,
}


class _Design:
    """The matrix of a linear model: numbers to unit scale, small factors as one column a value."""

    def __init__(self, loans: Loans, *, intercept: bool = False) -> None:
        self._scale = StandardScaler().fit(self._numbers(loans))
        self._factors = OneHotEncoder(
            drop="first", handle_unknown="ignore", sparse_output=False
        ).fit(self._labels(loans))
        self._intercept = intercept

    def __call__(self, loans: Loans) -> Floats:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
            factors = self._factors.transform(self._labels(loans))
        constant = np.ones((len(loans), int(self._intercept)))
        return np.hstack([constant, self._scale.transform(self._numbers(loans)), factors])

    @staticmethod
    def _numbers(loans: Loans) -> Floats:
        return np.column_stack([*loans.numbers.values()])

    @staticmethod
    def _labels(loans: Loans) -> npt.NDArray[Any]:
        names = [name for name in loans.labels if name not in SEGMENTS]
        return np.column_stack([_known(loans.labels[name]) for name in names])


def _frame(loans: Loans) -> pd.DataFrame:
    labels = {name: _known(column) for name, column in loans.labels.items()}
    return pd.DataFrame({**loans.numbers, **labels})


def _known(column: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    return np.array([UNKNOWN if label is None else label for label in column], np.object_)
