"""Plans beside brute force, and the laws that every plan keeps."""

from itertools import product

import attrs
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engines.price.making import COSTS, STEP, curve, firms, question, questions, real_curve
from karez.engines.price.best import best_rate
from karez.engines.price.errors import PlanImpossibleError, PriceInputError
from karez.engines.price.offers import all_offers, find_offers
from karez.engines.price.plan import Plan, make_plan
from karez.engines.price.question import Bound, Counts, Question
from karez.engines.price.rate import collected_share
from karez.engines.price.refusal import Why, find_refusals
from karez.engines.price.shock import Response, Shock, by_industry, shock_question
from karez.engines.price.tail import Tail
from karez.engines.price.vary import vary, worth_of_more

SLOWER = settings(max_examples=40)
DUST = 1e-3  # minor units


@attrs.frozen
class Made:
    """A plan made by hand: steps and place of the rate, for each firm."""

    steps: tuple[int, ...]
    rates: tuple[int, ...]


def worth(of: Question, made: Made) -> float | None:
    """What a plan earns, by the plainest reading of the question; None where it is not allowed."""
    profit, counted = 0.0, np.zeros(len(of.firms))
    caps = np.full(len(of.firms), np.inf) if of.highest is None else of.highest
    for firm, (steps, place) in enumerate(zip(made.steps, made.rates, strict=True)):
        if not steps:
            continue
        amount, rate = steps * of.step_minor, of.rates_ppm[place] / 1e6
        inside = of.firms.least_minor[firm] <= amount <= of.firms.most_minor[firm]
        if not inside or rate > caps[firm]:
            return None
        row = of.curve.lost[of.firms.segment[firm]]
        stay = 1 - float(np.interp(of.rates_ppm[place], of.curve.rates_ppm, row))
        pd, lgd, costs = of.firms.pd[firm], of.firms.lgd[firm], of.costs
        funding = costs.funding_rate * (1 - costs.capital_share)
        capital = costs.capital_share * costs.hurdle_rate
        balance = amount * of.balance_share
        earned = balance * (
            rate * (1 - pd / 2) - funding - capital - pd * lgd - costs.variable_rate
        )
        profit += stay * (earned - costs.fixed_minor)
        counted[firm] = amount * (stay if of.counts is Counts.EXPECTED else 1)
    if counted.sum() > of.budget_minor + DUST:
        return None
    for bound in of.bounds:
        names = getattr(of.firms, bound.of)
        total = sum(counted[firm] for firm, name in enumerate(names) if name == bound.name)
        if not bound.least_minor - DUST <= total <= bound.most_minor + DUST:
            return None
    if of.tail is not None:
        years = sorted(of.tail.loss @ counted * of.balance_share, reverse=True)
        left = worst = of.tail.worst_share * len(years)
        tail = 0.0
        for loss in years:
            tail += loss * min(left, 1)
            left = max(left - 1, 0)
        if tail / worst > of.tail.most_minor + DUST:
            return None
    return profit


def brute_force(of: Question) -> float:
    each = range(int(of.firms.most_minor.max()) // of.step_minor + 1)
    every = product(product(each, range(len(of.rates_ppm))), repeat=len(of.firms))
    made = (Made(*zip(*firm, strict=True)) for firm in every
            if all(rate == 0 for steps, rate in firm if not steps))  # fmt: skip
    return max(found for plan in made if (found := worth(of, plan)) is not None)


def made_of(plan: Plan) -> Made:
    steps = plan.amount_minor // plan.question.step_minor
    return Made(tuple(steps), tuple(np.searchsorted(plan.question.rates_ppm, plan.rate_ppm)))


@SLOWER
@given(questions(most_firms=2))
def test_make_plan__is_what_brute_force_finds(of: Question):
    plan = make_plan(of)
    assert plan.total_minor == pytest.approx(brute_force(of), abs=DUST)
    assert worth(of, made_of(plan)) == pytest.approx(plan.total_minor, abs=DUST)
    assert plan.gap_minor <= DUST


@SLOWER
@given(questions(most_firms=6))
def test_make_plan__keeps_every_constraint(of: Question):
    plan = make_plan(of)
    assert (plan.amount_minor % of.step_minor == 0).all()
    assert worth(of, made_of(plan)) == pytest.approx(plan.total_minor, abs=DUST)
    assert plan.total_minor >= -DUST
    assert plan.gap_minor <= DUST


@SLOWER
@given(questions(most_firms=5), st.integers(1, 3 * STEP))
def test_make_plan__more_money_is_never_worse(of: Question, more: int):
    plan = make_plan(of)
    assert worth_of_more(plan, more) >= -DUST


@SLOWER
@given(questions(most_firms=5))
def test_make_plan__without_a_constraint_is_never_worse(of: Question):
    least = make_plan(of).total_minor - DUST
    assert make_plan(attrs.evolve(of, bounds=())).total_minor >= least
    assert make_plan(attrs.evolve(of, tail=None)).total_minor >= least


@SLOWER
@given(questions(most_firms=5))
def test_find_offers__nothing_is_lost_by_leaving_the_others_out(of: Question):
    kept = find_offers(of)
    every = all_offers(of)
    assert len(kept) <= len(every)
    ends = np.stack([every.least_steps, every.most_steps]) * of.step_minor
    gains = every.profit * ends - every.fixed_minor
    mine = np.stack([kept.least_steps, kept.most_steps]) * of.step_minor
    kept_gains = kept.profit * mine - kept.fixed_minor
    for place in range(len(every)):
        same = kept.firm == every.firm[place]
        beaten = (kept.use[same] <= every.use[place]) & (
            kept_gains[:, same] >= gains[:, place, None]
        ).all(axis=0)
        assert beaten.any() or gains[:, place].max() <= 0


def test_find_offers__one_rate_is_left_where_nothing_depends_on_it():
    of = question(
        firms([0.02, 0.05, 0.1], segments=3),
        10 * STEP,
        curve=real_curve(),
        rates_ppm=np.arange(40_000, 150_001, 500),
        costs=attrs.evolve(COSTS, fixed_minor=0),
    )
    offers = find_offers(of)
    assert offers.firm.tolist() == [0, 1, 2]
    cost = of.costs.running_rate(of.firms.pd, of.firms.lgd)
    best = best_rate(of.curve, of.firms.segment, cost, collected_share(of.firms.pd))
    assert of.rates_ppm[offers.rate] / 1e6 == pytest.approx(best.rate, abs=0.0005)


def test_make_plan__least_amounts_of_a_bound_are_lent_even_at_a_loss():
    of = question(firms([0.02, 0.4], industry="ab"), 10 * STEP)
    assert make_plan(of).amount_minor.tolist() == [5 * STEP, 0]
    asked = attrs.evolve(of, bounds=[Bound("industry", "b", 10 * STEP, 3 * STEP)])
    assert make_plan(asked).amount_minor.tolist() == [5 * STEP, 3 * STEP]


def test_make_plan__of_real_customers_is_proven_to_the_minor_unit():
    rng = np.random.default_rng(302)
    of = question(
        firms(rng.uniform(0.002, 0.15, 302).tolist(), least=100 * STEP, most=1_000 * STEP,
              industry="".join(rng.choice(list("abcdefgh"), 302)), segments=3),
        100_000 * STEP,
        curve=real_curve(),
        rates_ppm=np.arange(40_000, 150_001, 500),
        bounds=[Bound("industry", name, 20_000 * STEP) for name in "abcdefgh"],
    )  # fmt: skip
    plan = make_plan(of)
    assert plan.gap_minor <= DUST
    assert plan.amount_minor.sum() == 100_000 * STEP
    assert worth(of, made_of(plan)) == pytest.approx(plan.total_minor, abs=DUST)
    # The next million earns what it costs to the last firm, and no more than the last one did.
    more, less = worth_of_more(plan, 1_000 * STEP), -worth_of_more(plan, -1_000 * STEP)
    assert 0 < more <= less


def test_make_plan__names_what_cannot_be():
    of = question(firms([0.02]), 3 * STEP, bounds=[Bound("group", "g", 9 * STEP, 4 * STEP)])
    with pytest.raises(PlanImpossibleError):
        make_plan(of)


def test_question__refuses_what_is_none():
    for wrong in (
        {"rates_ppm": np.array([], np.int64)},
        {"rates_ppm": np.array([30_000, 80_000])},
        {"rates_ppm": np.array([80_000, 80_000])},
        {"step_minor": 0},
    ):
        with pytest.raises(PriceInputError):
            question(firms([0.1]), STEP, **wrong)
    with pytest.raises(PriceInputError):
        firms([np.nan])
    with pytest.raises(PriceInputError):
        Tail(-1)
    with pytest.raises(PriceInputError):
        Tail(1, national=0.6, sector=0.4)


@SLOWER
@given(questions(most_firms=6))
def test_find_refusals__each_has_a_reason_that_holds(of: Question):
    plan = make_plan(of)
    found = find_refusals(plan)
    assert {each.firm for each in found} == set(np.flatnonzero(plan.amount_minor == 0).tolist())
    for each in found:
        alone = attrs.evolve(of, bounds=(), tail=None, budget_minor=10**9)
        if each.why is Why.CAP:
            assert of.highest[each.firm] < of.rates_ppm[0] / 1e6
        of_all = make_plan(alone).profit_minor[each.firm]
        if each.why is Why.FULL:
            assert each.full
            assert of_all > 0
        else:
            assert of_all < 1
        # With all that is full for it out of the way, somebody gets more.
        if each.full and each.earns > 1e-5:
            room = attrs.evolve(
                of,
                bounds=[
                    bound for bound in of.bounds if f"{bound.of} {bound.name}" not in each.full
                ],
                tail=None if "tail" in each.full else of.tail,
                budget_minor=10**9 if "budget" in each.full else of.budget_minor,
            )
            assert make_plan(room).total_minor > plan.total_minor


def test_find_refusals__say_which():
    of = question(firms([0.01, 0.02, 0.9, 0.01], industry="aabb"), 9 * STEP,
                  bounds=[Bound("industry", "a", 6 * STEP)])  # fmt: skip
    of = attrs.evolve(of, firms=attrs.evolve(of.firms, most_minor=np.array([5, 5, 5, 1]) * STEP))
    found = {each.firm: each for each in find_refusals(make_plan(of))}
    assert found[1].full == ("industry a",)
    assert found[2].why is Why.PRICE
    assert found[3].why is Why.LIMIT
    capped = attrs.evolve(of, highest=np.array([0.03, 0.2, 0.2, 0.2]))
    assert {each.firm: each.why for each in find_refusals(make_plan(capped))}[0] is Why.CAP


@SLOWER
@given(questions(most_firms=5), st.floats(0, 1), st.integers(0, 12))
def test_shock__earns_no_more_than_without(of: Question, severity: float, months: int):
    assume("a" in of.firms.industry)
    shocked = shock_question(of, [Shock("a", severity, months)])
    hit = np.array(of.firms.industry) == "a"
    assert (shocked.firms.pd >= of.firms.pd - 1e-12).all()
    assert shocked.firms.pd[~hit] == pytest.approx(of.firms.pd[~hit])
    assert (shocked.firms.most_minor <= of.firms.most_minor).all()
    assert make_plan(shocked).total_minor <= make_plan(of).total_minor + DUST


@SLOWER
@given(questions(most_firms=5), st.floats(0.1, 1))
def test_shock__moves_money_away_from_what_earns_less(of: Question, severity: float):
    assume("a" in of.firms.industry)
    of = attrs.evolve(of, tail=None)
    pd = shock_question(of, [Shock("a", severity, 12)], Response(recovery_lost=0)).firms.pd
    worse = attrs.evolve(of, firms=attrs.evolve(of.firms, pd=pd))
    before, after = make_plan(of), make_plan(worse)
    # Each plan is the best under its own profits, and allowed under the other's.
    assert worth(of, made_of(after)) <= before.total_minor + DUST
    assert worth(worse, made_of(before)) <= after.total_minor + DUST


def test_shock__a_hit_industry_gets_less_and_the_words_say_so():
    rng = np.random.default_rng(5)
    of = question(
        attrs.evolve(
            firms(rng.uniform(0.005, 0.04, 40).tolist(), industry="ab" * 20, most=10 * STEP),
        ),
        200 * STEP,
    )
    before = by_industry(make_plan(of))
    after = by_industry(make_plan(shock_question(of, [Shock("a", 0.6, 6)])))
    assert after.names == before.names == ("a", "b")
    assert after.amount_minor[0] < before.amount_minor[0]
    assert after.amount_minor[1] >= before.amount_minor[1]
    assert after.profit_minor[0] < before.profit_minor[0]
    assert after.pd[0] > before.pd[0]
    assert before.amount_minor.sum() == 200 * STEP


def test_shock__of_a_whole_year_leaves_nothing_to_lend():
    of = question(firms([0.01, 0.01], industry="ab"), 10 * STEP)
    plan = make_plan(shock_question(of, [Shock("a", 1, 12), Shock("a", 1, 12)]))
    assert plan.amount_minor.tolist() == [0, 5 * STEP]


def test_tail__factor_years_have_the_mean_that_was_asked_and_a_heavier_tail_with_more_common():
    pd, lgd, names = np.array([0.01, 0.05, 0.2]), np.array([0.5, 0.6, 0.7]), ("a", "a", "b")
    loose = Tail(1, national=0.05, sector=0.05).losses(pd, lgd, names)
    tight = Tail(1, national=0.20, sector=0.20).losses(pd, lgd, names)
    assert loose.mean(axis=0) == pytest.approx(pd * lgd, rel=0.01)
    assert tight.mean(axis=0) == pytest.approx(pd * lgd, rel=0.03)
    assert (np.quantile(tight, 0.99, axis=0) > np.quantile(loose, 0.99, axis=0)).all()
    # Firms of one industry go together more than firms of two.
    together = np.corrcoef(loose.T)
    assert together[0, 1] > together[0, 2] > 0


def test_tail__a_tighter_bound_spreads_or_lends_less():
    of = question(firms([0.02] * 10, industry="a" * 5 + "b" * 5), 40 * STEP)
    free = make_plan(of)
    worst = Tail(10**12)
    plan = make_plan(attrs.evolve(of, tail=worst))
    assert plan.total_minor == pytest.approx(free.total_minor)
    shortfall = worst.most_minor - plan.room_minor["tail"]
    tight = make_plan(attrs.evolve(of, tail=Tail(int(shortfall * 0.7))))
    assert tight.total_minor < free.total_minor
    assert tight.room_minor["tail"] >= -DUST
    assert tight.price["tail"] > 0
    kept = tight.question.tail_most_minor - tight.room_minor["tail"]
    assert tight.bad_years_minor.sum() == pytest.approx(kept)
    assert (tight.bad_years_minor >= tight.expected_loss_minor).all()
    again = make_plan(tight.question, tight.cuts)
    assert again.total_minor == pytest.approx(tight.total_minor)


def test_vary__each_goes_the_way_it_must():
    of = question(firms([0.01, 0.02, 0.03, 0.05], industry="aabb"), 9 * STEP,
                  bounds=[Bound("industry", "a", 4 * STEP)], tail=Tail(2 * STEP))  # fmt: skip
    plan = make_plan(of)
    found = {name: other.total_minor for name, other in vary(plan).items()}
    now = plan.total_minor
    assert found["budget less a tenth"] <= now <= found["budget and a tenth"]
    assert found["default probabilities and a quarter"] < now
    assert found["funding one point dearer"] < now
    assert found["without bounds"] >= now - DUST
    assert found["without the bound on the tail"] >= now - DUST


def test_price__of_the_budget_is_what_the_next_unit_earns():
    of = question(firms([0.01, 0.02], most=10 * STEP), 13 * STEP, curve=curve([0.1, 0.4, 0.9]),
                  costs=attrs.evolve(COSTS, fixed_minor=0))  # fmt: skip
    plan = make_plan(of)
    assert worth_of_more(plan, STEP) == pytest.approx(plan.price["budget"] * STEP)
