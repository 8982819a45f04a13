"""Loans whose truth is known."""

from __future__ import annotations

import attrs
import numpy as np
from scipy.special import expit

from karez.engines.score import Table


@attrs.frozen
class World:
    table: Table
    outcome: np.ndarray
    logit: np.ndarray


def crossed(
    loans: int, levels: int, spreads=(0.7, 0.5), base: float = -1.0, seed: int = 0
) -> World:
    """Loans in two crossed segments, ``a`` and ``b``, of as many levels each."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, levels, loans) for _ in spreads]
    logit = base + sum(
        rng.normal(0, spread, levels)[code] for spread, code in zip(spreads, codes, strict=True)
    )
    outcome = (rng.random(loans) < expit(logit)).astype(np.float64)
    names = np.array([f"{level:05d}" for level in range(levels)], object)
    labels = {name: names[code] for name, code in zip("abcdef", codes, strict=False)}
    return World(Table([str(row) for row in range(loans)], {}, labels), outcome, logit)


def mixed(loans: int, seed: int = 0, places: int = 20) -> World:
    """Loans with two numbers (one of them sometimes missing), a factor, and a place in a county."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, places, loans)
    turnover, age = rng.normal(size=loans), rng.exponential(5, loans).round()
    kind = rng.integers(0, 3, loans)
    logit = -1 - 0.8 * turnover + np.array([0.4, -0.3, 0.0])[kind]
    logit = logit + rng.normal(0, 0.5, places)[place] + rng.normal(0, 0.5, 4)[place % 4]
    outcome = (rng.random(loans) < expit(logit)).astype(np.float64)
    outcome[:2] = 0, 1
    turnover[rng.random(loans) < 0.1] = np.nan
    labels = {
        "kind": [None if each == 2 else f"kind {each}" for each in kind],
        "place": [f"place {each:02d}" for each in place],
        "county": [f"county {each % 4}" for each in place],
    }
    numbers = {"turnover": turnover, "age": age}
    return World(Table([str(row) for row in range(loans)], numbers, labels), outcome, logit)
