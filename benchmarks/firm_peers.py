"""Other ways to a probability of default, for a small table of numbers: each fits and predicts."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Peer = Callable[[Floats, Floats, Floats], Floats]
"""Training numbers with NaN, their outcomes, numbers to predict: probabilities."""

SEED = 20_200_221


def base_rate(_train: Floats, outcome: Floats, test: Floats) -> Floats:
    return np.full(len(test), outcome.mean())


def logistic(train: Floats, outcome: Floats, test: Floats) -> Floats:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - peers are slow to import

    one, other = _filled(train, test)
    fitted = LogisticRegression(C=np.inf, max_iter=10_000).fit(one, outcome)
    return fitted.predict_proba(other)[:, 1]


def ridge(train: Floats, outcome: Floats, test: Floats) -> Floats:
    """Logistic regression; its own cross-validation chooses how strongly it is held to nothing."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.model_selection import GridSearchCV, StratifiedKFold  # noqa: PLC0415

    one, other = _filled(train, test)
    search = GridSearchCV(
        LogisticRegression(max_iter=10_000),
        {"C": np.logspace(-3, 2, 11)},
        scoring="neg_log_loss",
        cv=StratifiedKFold(5, shuffle=True, random_state=SEED),
    )
    return search.fit(one, outcome).predict_proba(other)[:, 1]


def lightgbm(train: Floats, outcome: Floats, test: Floats) -> Floats:
    from lightgbm import LGBMClassifier  # noqa: PLC0415

    fitted = LGBMClassifier(random_state=SEED, n_jobs=1, verbose=-1).fit(train, outcome)
    return np.asarray(fitted.predict_proba(test))[:, 1]


def catboost(train: Floats, outcome: Floats, test: Floats) -> Floats:
    from catboost import CatBoostClassifier  # noqa: PLC0415

    model = CatBoostClassifier(
        random_seed=SEED, thread_count=1, verbose=False, allow_writing_files=False
    )
    return model.fit(train, outcome).predict_proba(test)[:, 1]


def optbinning(train: Floats, outcome: Floats, test: Floats) -> Floats:
    """Bins by an optimiser, their weights of evidence, and a logistic regression on these."""
    from optbinning import BinningProcess  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    process = BinningProcess([f"x{place}" for place in range(train.shape[1])])
    one = process.fit_transform(train, outcome, metric_missing="empirical")
    other = process.transform(test, metric_missing="empirical")
    fitted = LogisticRegression(max_iter=10_000).fit(np.nan_to_num(one), outcome)
    return fitted.predict_proba(np.nan_to_num(other))[:, 1]


def _filled(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Put the median where nothing is known, say so in a column, and scale by the training rows."""
    middle = np.nan_to_num(np.nanmedian(train, axis=0))
    gaps = np.isnan(train).sum(axis=0) >= 5
    both: list[Floats] = []
    for numbers in (train, test):
        missing = np.isnan(numbers)
        both.append(np.hstack([np.where(missing, middle, numbers), missing[:, gaps]]))
    mean, spread = both[0].mean(axis=0), both[0].std(axis=0)
    one, other = ((each - mean) / np.where(spread > 0, spread, 1) for each in both)
    return one, other


PEERS: Mapping[str, Peer] = {
    "base rate": base_rate,
    "logistic": logistic,
    "ridge logistic, tuned": ridge,
    "optbinning scorecard": optbinning,
    "LightGBM default": lightgbm,
    "CatBoost default": catboost,
}


def quietly(peer: Peer) -> Peer:
    """Return a peer that keeps its warnings to itself."""

    def run(train: Floats, outcome: Floats, test: Floats) -> Floats:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return peer(train, outcome, test)

    return run
