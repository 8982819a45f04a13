"""CreditRisk+: the five published results to the dollar, others' values, a recursion."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.risk.shared import shared_case
from engines.risk.twin import panjer
from karez.engines.risk.creditriskplus import (
    Obligors,
    banded,
    loss_distribution,
    pooled_variance,
    sector_variances,
)
from karez.engines.risk.errors import (
    BookEmptyError,
    FactorMalformedError,
    LoanMalformedError,
    WeightsError,
)
from karez.engines.risk.losses import Losses


@pytest.fixture(scope="module")
def case() -> Any:
    return shared_case("creditriskplus.json")


def solve(loss, pd, sd, weights, sectors, specific=""):
    loss, pd, sd = (np.asarray(column, dtype=float) for column in (loss, pd, sd))
    weights = np.asarray(weights, dtype=float)
    variances = dict(zip(sectors, sector_variances(weights, pd, sd).tolist(), strict=True))
    if specific:
        variances[specific] = 0.0
    return loss_distribution(banded(loss, pd), weights, variances)


def column(case, name):
    return [one[name] for one in case["obligors"]]


def in_one_sector(case, rows) -> Losses:
    loss, pd, sd = (np.array(column(case, name))[rows] for name in ("exposure", "p", "sd"))
    return solve(loss, pd, sd, np.ones((len(loss), 1)), ["all"])


def holds(found: Losses, published: dict[str, int]) -> None:
    if "EL" in published:
        assert round(found.mean) == published["EL"]
    for name, level in (("q99", 0.99), ("q995", 0.995)):
        if name in published:
            assert round(found.value_at_risk(level)) == published[name]


def test_published__one_sector(case):
    found = in_one_sector(case, slice(None))
    holds(found, case["published"]["1A"])
    recomputed = case["recomputed_csfp_banding"]["1A"]
    assert found.sd == pytest.approx(recomputed["std"], abs=0.1)
    for level, value in recomputed["percentiles"].items():
        assert found.value_at_risk(float(level)) == pytest.approx(value, abs=0.1)


def test_published__without_the_two_largest(case):
    holds(in_one_sector(case, slice(0, 23)), case["published"]["1B"])


def test_published__three_years(case):
    loss, pd = [], []
    for one in case["obligors"]:
        # Who has no plan of exposures stands for the first year alone.
        plan = case["example1c_exposures"].get(str(one["id"]), [one["exposure"], 0, 0])
        for year, exposure in enumerate(plan):
            if exposure:
                loss.append(exposure)
                pd.append(case["multi_year_pd"][one["rating"]][year])
    assert len(loss) == 40
    found = solve(loss, pd, np.array(pd) / 2, np.ones((40, 1)), ["all"])
    holds(found, case["published"]["1C"])


def test_published__three_sectors(case):
    sectors = ["US", "Japan", "Europe"]
    weights = [[float(one["sector3"] == name) for name in sectors] for one in case["obligors"]]
    found = solve(*(column(case, name) for name in ("exposure", "p", "sd")), weights, sectors)
    holds(found, case["published"]["2"])


def test_published__four_sectors_one_of_them_specific(case):
    sectors = ["Specific", "US", "Japan", "Europe"]
    weights = [[one["w4"][name] for name in sectors] for one in case["obligors"]]
    found = solve(
        *(column(case, name) for name in ("exposure", "p", "sd")), weights, sectors, "Specific"
    )
    holds(found, case["published"]["3"])


def test_quantlib__two_correlated_sectors(case):
    expected = case["quantlib_reference"]["expect"]
    loss, pd = np.repeat([1.0, 2.0], 1000), np.repeat([0.04, 0.02], 1000)
    for place, unexpected in enumerate(expected["sector_ul"]):
        rows = slice(1000 * place, 1000 * (place + 1))
        alone = loss_distribution(
            banded(loss[rows], pd[rows], unit=0.1), np.ones((1000, 1)), {"one": 0.75**2}
        )
        assert round(alone.sd, 1) == unexpected
    variance = pooled_variance([40, 40], [0.75**2, 0.75**2], [[1, 0.5], [0.5, 1]])
    # The paper prints the square of 0.65; exactly it is 0.421875.
    assert variance == pytest.approx(expected["rel_default_variance"], rel=2e-3)
    found = loss_distribution(banded(loss, pd, unit=0.1), np.ones((2000, 1)), {"all": variance})
    assert found.mean == pytest.approx(expected["el"])
    assert round(found.sd, 1) == expected["ul"]
    assert round(found.value_at_risk(0.99)) == expected["q99"]


@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.fractions(Fraction(1, 50), Fraction(1, 2))),
        min_size=1,
        max_size=5,
    ),
    st.fractions(Fraction(1, 10), Fraction(2)),
)
def test_distribution__agrees_with_the_recursion(rows, variance):
    bands, means = [band for band, _ in rows], [mean for _, mean in rows]
    found = loss_distribution(
        Obligors(1.0, np.array(bands), np.array([float(mean) for mean in means])),
        np.ones((len(rows), 1)),
        {"all": float(variance)},
    )
    wanted = panjer(bands, means, variance, 24)
    nothing = (1 + float(variance * sum(means))) ** (-1 / float(variance))
    assert np.allclose(found.probability[:24], nothing * np.array(wanted, dtype=float), atol=1e-12)
    assert found.probability.sum() == pytest.approx(1)


def test_bad_input__is_named():
    with pytest.raises(WeightsError, match=r"obligor 1 add up to 0\.5"):
        loss_distribution(banded(np.ones(1), np.ones(1)), [[0.5]], {"all": 1.0})
    with pytest.raises(FactorMalformedError, match="variance is -1"):
        loss_distribution(banded(np.ones(1), np.ones(1)), [[1.0]], {"all": -1.0})
    with pytest.raises(LoanMalformedError, match="Loan 2: pd is nan"):
        banded(np.ones(2), np.array([0.1, np.nan]))
    with pytest.raises(BookEmptyError):
        banded(np.zeros(2), np.ones(2))
