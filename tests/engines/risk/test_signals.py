"""Early signs: by hand, and on data that were made with the answer."""

import numpy as np
import pytest
from scipy.optimize import minimize

from karez.engines.risk.errors import SignalError
from karez.engines.risk.signals import effective_leverage, haste, synchronisation, velocity


def test_leverage__alarms_where_goods_are_lent_upon_twice():
    found = effective_leverage(
        np.array([80.0, 160.0, 0.0, 5.0]), np.array([80.0, 80.0, 0.0, 0.0]), 0.2
    )
    assert found.times.tolist() == [1, 2, 0, np.inf]
    assert found.alarm.tolist() == [False, True, False, True]


def test_velocity__is_growth_over_growth():
    found = velocity(
        np.array([10.0, 10.0, 0.0, 10.0]),
        np.array([30.0, 10.0, 5.0, 10.0]),
        np.array([100.0, 100.0, 100.0, 100.0]),
        np.array([150.0, 200.0, 100.0, 0.0]),
    )
    assert found[:2] == pytest.approx([2, 0.5])
    assert np.isnan(found[2])
    assert found[3] == np.inf


def test_synchronisation__between_none_and_all():
    rng = np.random.default_rng(1)
    apart = rng.uniform(0, 10, (400, 5))
    assert synchronisation(apart) == pytest.approx(0.2, abs=0.08)
    together = apart[:, :1] * np.arange(1, 6)
    assert synchronisation(together) == pytest.approx(1)
    still = np.column_stack([together, np.full(400, 3.0)])
    assert synchronisation(still) == pytest.approx(1)


def test_haste__finds_what_was_put_in_and_not_what_is_riskiness():
    rng = np.random.default_rng(2)
    risk = rng.normal(-2, 1, 20_000)
    hours = 2.0 ** rng.normal(4 + 0.8 * (risk + 2), 1)  # risky loans are looked at for longer
    odds = risk - 0.3 * (np.log2(hours) - 4)
    early = rng.uniform(size=len(risk)) < 1 / (1 + np.exp(-odds))
    found = haste(hours, early, risk)
    assert found.log_odds == pytest.approx(0.3, abs=3 * found.sd)
    assert found.sd < 0.05
    assert haste(hours, early).log_odds < 0


def test_haste__is_the_likeliest_slope():
    rng = np.random.default_rng(3)
    hours, early = rng.uniform(1, 50, 200), rng.uniform(size=200) < 0.3
    speed = -np.log2(hours)
    speed -= speed.mean()

    def unlikely(at):
        odds = at[0] + at[1] * speed
        return float(np.sum(np.logaddexp(0, odds) - early * odds) + 0.005 * at[1] ** 2)

    assert haste(hours, early).log_odds == pytest.approx(
        minimize(unlikely, np.zeros(2)).x[1], abs=1e-4
    )


def test_bad_input__is_named():
    one = np.ones(1)
    with pytest.raises(SignalError, match="effective leverage: credit is -1"):
        effective_leverage(-one, one, 0.2)
    with pytest.raises(SignalError, match="haircut is 1"):
        effective_leverage(one, one, 1.0)
    with pytest.raises(SignalError, match="velocity: invoiced_now is nan"):
        velocity(one, one, one, one * np.nan)
    with pytest.raises(SignalError, match="lenders is 0"):
        synchronisation(np.ones((5, 3)))
    with pytest.raises(SignalError, match="hours is 0"):
        haste(np.zeros(1), np.array([True]))
    with pytest.raises(SignalError, match="early defaults is 0"):
        haste(one, np.array([False]))
