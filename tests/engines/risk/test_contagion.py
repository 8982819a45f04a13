"""Clearing of a trade network: fractions on small ones, laws on all, amplification."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karez.engines.risk.amplification import (
    TradeShocks,
    added_amplification,
    amplification,
    hurried,
)
from karez.engines.risk.book import Book
from karez.engines.risk.contagion import (
    Network,
    clear,
    contagion,
    lost_assets,
    mean_of_worst,
    scenario_losses,
)
from karez.engines.risk.errors import (
    FirmMalformedError,
    LevelError,
    LinkMalformedError,
    LoanMalformedError,
)
from karez.engines.risk.factors import Factors, Shares


def network_of(assets, debts, links, recovery):
    names = [f"firm {row}" for row in range(len(assets))]
    return Network.of(
        names,
        assets=assets,
        debts=debts,
        debtor=[names[debtor] for debtor, _, _ in links],
        creditor=[names[creditor] for _, creditor, _ in links],
        amount=[amount for _, _, amount in links],
        recovery=recovery,
    )


def slow_clearing(assets, debts, links, recovery, rounds=400):
    """Every firm again and again, from everybody pays, in fractions."""
    firms = range(len(assets))
    owed = [Fraction(debts[i]) + sum(a for d, _, a in links if d == i) for i in firms]
    share = [Fraction(1)] * len(assets)
    for _ in range(rounds):
        value = [
            Fraction(assets[i]) + sum(share[d] * a for d, c, a in links if c == i) for i in firms
        ]
        now = [
            Fraction(1) if value[i] >= owed[i] else Fraction(recovery) * value[i] / owed[i]
            for i in firms
        ]
        # Short fractions keep the twin quick; it falls by less than this only at the end.
        now = [each.limit_denominator(10**30) for each in now]
        if now == share:
            break
        share = now
    return share


@st.composite
def networks(draw):
    count = draw(st.integers(2, 6))
    whole = st.lists(st.integers(0, 20), min_size=count, max_size=count)
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), st.integers(1, 15))
    links = [link for link in draw(st.lists(pairs, max_size=12)) if link[0] != link[1]]
    return draw(whole), draw(whole), links, draw(st.sampled_from([0.25, 0.5, 0.75]))


@settings(deadline=None)
@given(networks())
def test_clearing__is_that_of_fractions(case):
    wanted = slow_clearing(*case)
    assert clear(network_of(*case)).paid_share == pytest.approx(
        [float(share) for share in wanted], abs=1e-9
    )


@settings(deadline=None)
@given(networks(), st.integers(0, 5), st.integers(1, 10))
def test_clearing__more_assets_never_lower_a_payment(case, row, more):
    assets, debts, links, recovery = case
    richer = list(assets)
    richer[row % len(assets)] += more
    poor = clear(network_of(assets, debts, links, recovery)).paid_share
    rich = clear(network_of(richer, debts, links, recovery)).paid_share
    assert np.all(rich >= poor - 1e-12)


@settings(deadline=None)
@given(networks())
def test_clearing__is_bounded_and_conserves(case):
    network = network_of(*case)
    found = clear(network)
    share = found.paid_share
    assert np.all((share >= 0) & (share <= 1))
    received = np.bincount(
        network.creditor,
        network.amount * np.repeat(share, np.diff(network.starts)),
        len(share),
    )
    has, pays = network.assets + received, share * network.owed
    # Who fails pays what is left of what it has; who does not keeps what is over.
    assert pays[found.failed] == pytest.approx(network.recovery * has[found.failed], abs=1e-9)
    assert np.all(pays[~found.failed] <= has[~found.failed] + 1e-9)


def test_clearing__a_buyer_takes_its_suppliers_with_it():
    # The anchor owes 60 to a mill that owes 50 to a farm that owes 40 to the bank.
    network = network_of([120, 5, 5], [50, 0, 40], [(0, 1, 60), (1, 2, 50)], 0.5)
    assert not clear(network).failed.any()
    lost = np.array([40.0, 0, 0])
    found = clear(network, lost)
    assert found.failed.tolist() == [True, True, True]
    # 0.5 * 80 / 110; then 0.5 * (5 + 60 * that) / 50; then 0.5 * (5 + 50 * that) / 40.
    assert found.paid_share == pytest.approx([0.363636, 0.268182, 0.230114], abs=1e-6)
    loans = np.array([50.0, 0, 40.0])
    [whole] = scenario_losses(network, loans, lost[None])
    [alone] = scenario_losses(network, loans, lost[None], spread=False)
    assert alone == pytest.approx(50 * (1 - 40 / 110))
    assert whole == pytest.approx(alone + 40 * (1 - 0.2301136))


def test_clearing__of_nothing_is_whole():
    assert clear(network_of([0, 0], [0, 0], [], 0.5)).paid_share.tolist() == [1, 1]


def chain():
    names = ["anchor", *(f"supplier {row}" for row in range(40))]
    return Network.of(
        names,
        assets=[400.0, *[12.0] * 40],
        debts=[60.0, *[12.0] * 40],
        debtor=["anchor"] * 40,
        creditor=names[1:],
        amount=[8.0] * 40,
    )


def test_scenarios__a_firm_alone_fails_with_its_probability():
    network, pd = chain(), np.full(41, 0.05)
    lost = lost_assets(network, pd, correlation=0.2, scenarios=4_000, seed=1)
    fails = (lost > network.equity).mean(axis=0)
    assert fails == pytest.approx(pd, abs=0.02)
    assert fails.mean() == pytest.approx(0.05, abs=0.01)
    again = lost_assets(network, pd, correlation=0.2, scenarios=4_000, seed=1)
    assert np.array_equal(lost, again)


def test_contagion__amplifies_and_a_chain_less_does_not():
    network = chain()
    lost = lost_assets(network, np.full(41, 0.03), correlation=0.1, scenarios=2_000, seed=2)
    found = contagion(network, network.debts, lost)
    assert found.a_el > 1.1
    assert found.a_es > 2
    apart = network_of([20.0] * 4, [12.0] * 4, [], 0.5)
    lost = lost_assets(apart, np.full(4, 0.03), correlation=0.1, scenarios=500, seed=2)
    found = contagion(apart, apart.debts, lost)
    assert (found.a_el, found.a_es) == (1, 1)


def test_contagion__of_nothing_lost_is_none():
    network = chain()
    found = contagion(network, network.debts, np.zeros((10, 41)))
    assert (found.a_el, found.a_es, found.expected_loss) == (1, 1, 0)


def test_added_amplification__is_larger_at_the_anchor():
    network = chain()
    lost = lost_assets(network, np.full(41, 0.03), correlation=0.1, scenarios=2_000, seed=2)
    at_anchor, at_leaf = (
        added_amplification(network, network.debts, lost, firm=firm, amount=5.0) for firm in (0, 1)
    )
    assert at_anchor > at_leaf


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40), st.floats(0.01, 0.99))
def test_mean_of_worst__between_mean_and_worst(losses, level):
    found = mean_of_worst(np.array(losses), level)
    assert np.mean(losses) - 1e-9 <= found <= max(losses) + 1e-9


def test_mean_of_worst__counts_a_part_of_a_scenario():
    assert mean_of_worst(np.array([1.0, 4.0, 2.0, 3.0]), 0.625) == pytest.approx((4 + 1.5) / 1.5)


BASEL = Factors(Shares(0.15))


def loans_of(exposure, pd):
    return Book.of(
        [f"firm {row}" for row in range(len(exposure))], exposure=exposure, pd=pd, lgd=0.5
    )


def test_policy__more_of_the_same_is_amplified_by_nothing():
    before = loans_of([10.0, 10.0], 0.05)
    found = amplification(before, loans_of([20.0, 20.0], 0.05), BASEL)
    assert found.amplification == pytest.approx(1)
    assert found.tail_per_unit_added == pytest.approx(found.before.tail_per_unit)
    assert found.loss_per_unit_added == pytest.approx(0.05 * 0.5)
    assert found.before.contagion is None


def test_policy__haste_costs_more_in_the_tail_than_it_lends():
    before = loans_of([10.0] * 30, 0.05)
    found = amplification(before, hurried(before, 0.5), BASEL)
    assert found.amplification > 1
    assert found.tail_per_unit_added is None
    assert found.loss_per_unit_added is None
    assert found.after.expected_loss > found.before.expected_loss
    assert hurried(before, 0.0).pd == pytest.approx(before.pd)


def test_policy__of_a_safe_book():
    safe, risky = loans_of([10.0], 0.0), loans_of([10.0], 0.1)
    assert amplification(safe, safe, BASEL).amplification == 1
    assert amplification(safe, risky, BASEL).amplification == np.inf


def test_policy__with_a_network():
    network = network_of([100, 5, 5], [50, 0, 40], [(0, 1, 60), (1, 2, 50)], 0.5)
    lost = lost_assets(network, np.full(3, 0.05), correlation=0.2, scenarios=400, seed=3)
    before = loans_of([20.0, 0.0, 40.0], 0.05)
    after = loans_of([45.0, 0.0, 40.0], 0.05)
    found = amplification(before, after, BASEL, shocks=TradeShocks(network, lost))
    assert found.before.contagion is not None
    assert found.after.contagion is not None
    assert found.after.contagion.expected_loss > found.before.contagion.expected_loss
    strange = Book.of(["nobody"], exposure=1.0, pd=0.1, lgd=0.5)
    with pytest.raises(FirmMalformedError, match="nobody"):
        amplification(strange, strange, BASEL, shocks=TradeShocks(network, lost))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"debtor": ["a"], "creditor": ["a"]}, "Link 1 of the network, from a to a"),
        ({"debtor": ["a"], "creditor": ["c"]}, "no firm is called c"),
        ({"amount": [-1.0]}, "its amount is -1"),
        ({"amount": [np.nan]}, "its amount is nan"),
    ],
)
def test_bad_links__are_named(change, words):
    link = {"debtor": ["a"], "creditor": ["b"], "amount": [1.0], **change}
    with pytest.raises(LinkMalformedError, match=words):
        Network.of(["a", "b"], assets=[1, 1], debts=[1, 1], **link)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"assets": [-1.0, 1.0]}, "Firm a: assets is -1"),
        ({"debts": [1.0, np.inf]}, "Firm b: debts is inf"),
        ({"firms": ["a", "a"]}, "Firm a: name"),
        ({"recovery": 1.5}, "recovery is 1"),
    ],
)
def test_bad_firms__are_named(change, words):
    firms = {"firms": ["a", "b"], "assets": [1.0, 1.0], "debts": [1.0, 1.0], **change}
    with pytest.raises(FirmMalformedError, match=words):
        Network.of(firms.pop("firms"), **firms, debtor=[], creditor=[], amount=[])


def test_bad_questions__are_named():
    network = network_of([1.0], [1.0], [], 0.5)
    with pytest.raises(FirmMalformedError, match="loan is 2"):
        contagion(network, np.array([2.0]), np.zeros((1, 1)))
    with pytest.raises(LevelError):
        mean_of_worst(np.ones(3), 1.5)
    with pytest.raises(LoanMalformedError, match="log_odds is nan"):
        hurried(loans_of([1.0], 0.1), np.nan)
