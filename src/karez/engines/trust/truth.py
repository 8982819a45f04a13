"""Whom to believe where sources disagree, and what then is true: three ways for yes-or-no facts."""

from __future__ import annotations

import attrs
import numpy as np

from karez.engines.trust.evidence import Bools, Floats, Ints

_ROUNDS_MOST = 100
_SETTLED = 1e-6
_TINY = 1e-9


@attrs.frozen(kw_only=True)
class Claims:
    """Who says yes or no to which fact, a row each; no source says two things of one fact."""

    source: Ints
    fact: Ints
    says: Bools
    sources: int
    facts: int


def majority(claims: Claims) -> Floats:
    """Return for each fact the share of its sources that say yes; a half where nobody speaks."""
    return _weighed(claims, np.ones(claims.sources))


def _weighed(claims: Claims, weight: Floats) -> Floats:
    weights = weight[claims.source]
    yes = np.bincount(claims.fact, weights * claims.says, claims.facts)
    total = np.bincount(claims.fact, weights, claims.facts)
    return np.divide(yes, total, out=np.full(claims.facts, 0.5), where=total > 0)


def crh(claims: Claims) -> Floats:
    """Return weighed votes; a source weighs the more, the less it errs (Li et al. 2014, CRH).

    Truths and weights are worked out in turn until they settle: the weight of a source is the
    logarithm of all errors over its own, with the error of a source a share of what it says.
    """
    found = majority(claims)
    said = np.maximum(np.bincount(claims.source, minlength=claims.sources), 1)
    for _ in range(_ROUNDS_MOST):
        wrong = claims.says != (found >= 0.5)[claims.fact]
        loss = np.bincount(claims.source, wrong, claims.sources) / said
        loss = np.maximum(loss, _TINY)
        weight = -np.log(loss / np.maximum(loss.sum(), _TINY))
        before, found = found, _weighed(claims, np.maximum(weight, _TINY))
        if np.abs(found - before).max(initial=0) < _SETTLED:
            break
    return found


def dawid_skene(
    claims: Claims,
    *,
    prior: float = 1.0,
    accuracy: float = 0.5,
    share_true: float | None = None,
    rounds_most: int = _ROUNDS_MOST,
) -> Floats:
    """Return the probability that each fact is true (Dawid and Skene 1979, by EM).

    Each source has two rates, of saying yes to what is true and no to what is not. ``prior`` is
    how many claims of either kind each is taken to have made before, of which ``accuracy`` right.
    ``share_true`` is how many facts are true; it is learned where it is not given, and learns
    itself to one where nearly all are.
    """
    found = majority(claims)
    says = claims.says.astype(np.float64)
    for _ in range(rounds_most):
        true = found[claims.fact]
        right_yes = _rate(claims, true * says, true, prior, accuracy)
        right_no = _rate(claims, (1 - true) * (1 - says), 1 - true, prior, accuracy)
        share = (found.sum() + 1) / (claims.facts + 2) if share_true is None else share_true
        yes = np.log(right_yes / (1 - right_no))[claims.source]
        no = np.log((1 - right_yes) / right_no)[claims.source]
        odds = np.log(share / (1 - share)) + np.bincount(
            claims.fact, np.where(claims.says, yes, no), claims.facts
        )
        before, found = found, 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
        if np.abs(found - before).max(initial=0) < _SETTLED:
            break
    return found


def _rate(claims: Claims, right: Floats, of: Floats, prior: float, accuracy: float) -> Floats:
    """Return for each source the share that is right, never quite none or all."""
    hits = np.bincount(claims.source, right, claims.sources) + prior * accuracy
    total = np.bincount(claims.source, of, claims.sources) + prior
    return np.clip(hits / np.maximum(total, _TINY), _TINY, 1 - _TINY)
