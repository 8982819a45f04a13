"""A year planned for a made-up county, from its files to the plan."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from karez.doors.cli.import_invoices import InvoiceIntake
from karez.doors.files.county import RATES, SEGMENTS, write_county
from karez.doors.files.price.firms import read_curve
from karez.doors.files.trade.mapping import InvoiceMapping
from karez.engines.county import INDUSTRIES, County, Size, make_county
from karez.engines.price import Costs, Firms, Question
from karez.engines.price.shock import Response, Shock
from karez.services.evidence import Evidence
from karez.services.planning import Market, Rules, Year, plan_year
from karez.services.planning.year import OutcomesMissingError, shocked
from karez.services.portraits import Gallery, portray_all

THROUGH = date(2024, 12, 31)
LEAST, MOST, STEP = 100_000, 20_000_000, 10_000


@pytest.fixture
def county() -> County:
    return make_county(3, Size(firms_known=40, firms_new=15, households=0, invoices_each=25))


@pytest.fixture
def gallery(county: County, evidence: Evidence, tmp_path: Path) -> Gallery:
    write_county(county, tmp_path, THROUGH, "EUR")
    mapping = InvoiceMapping.load("firm-lists")
    intake = InvoiceIntake(evidence, mapping, lambda _: None)
    for name in ("sales.csv", "purchases.csv"):
        intake.take(tmp_path / name)
    assert not intake.report.intake.refused
    return portray_all(evidence, THROUGH)


def market(county: County) -> Market:
    ids = [f"id:{each}" for each in county.firms.ids]
    known, places = (
        int(county.firms.had_loan.sum()),
        [int(place) for place in county.firms.industry],
    )
    return Market(
        dict(zip(ids[:known], county.firms.defaulted[:known].tolist(), strict=True)),
        ids[known:],
        {name: INDUSTRIES[place].name for name, place in zip(ids, places, strict=True)},
    )


def rules(tmp_path: Path) -> Rules:
    curve = read_curve(tmp_path / "churn_by_rate.csv")
    costs = Costs(0.04, 0.1, 0.12, 0.01, 5_000)

    def ask(firms: Firms) -> Question:
        return Question(firms, curve, costs, 25_000_000, STEP, curve.rates_ppm)

    return Rules(ask, 0.6, LEAST, MOST, segments=len(SEGMENTS))


def planned(gallery: Gallery, county: County, tmp_path: Path) -> Year:
    return plan_year(gallery, market(county), rules(tmp_path))


def test_the_plan_keeps_its_rules_and_beats_simpler_lenders(
    gallery: Gallery, county: County, tmp_path: Path
):
    year = planned(gallery, county, tmp_path)
    lent = year.plan.amount_minor[year.plan.amount_minor > 0]
    assert len(lent)
    assert lent.sum() <= 25_000_000
    assert ((lent >= LEAST) & (lent <= MOST)).all()
    assert (year.plan.amount_minor <= year.limit.amount_minor).all()
    assert len(lent) + len(year.refusals) == len(year.asking) == 15
    assert all(year.plan.total_minor > each.total_minor for each in year.baselines)
    assert not year.unknown


def test_rings_of_made_up_sales_are_not_believed(gallery: Gallery, county: County, tmp_path: Path):
    year = planned(gallery, county, tmp_path)
    ring = county.firms.ring[~county.firms.had_loan] >= 0
    in_rings = year.sales.in_rings_minor > 0
    assert year.sales.complete
    assert (in_rings == ring).all()
    assert (year.sales.believed_minor <= year.sales.reported_minor).all()


def test_a_shock_makes_no_firm_of_its_industry_safer(
    gallery: Gallery, county: County, tmp_path: Path
):
    year = planned(gallery, county, tmp_path)
    hit = year.plan.question.firms.industry[0]
    after = shocked(year, [Shock(hit, 0.5, 6)], Response())
    same = np.array([name != hit for name in year.plan.question.firms.industry])
    pd, before = after.question.firms.pd, year.plan.question.firms.pd
    assert (pd[~same] > before[~same]).all()
    assert (pd[same] == before[same]).all()
    assert after.total_minor <= year.plan.total_minor + 1e-6


def test_a_past_without_defaults_is_refused(gallery: Gallery, county: County, tmp_path: Path):
    one = market(county)
    nobody = Market(dict.fromkeys(one.defaulted, False), one.asking, one.industry)
    with pytest.raises(OutcomesMissingError):
        plan_year(gallery, nobody, rules(tmp_path))


def test_a_firm_without_facts_is_named(gallery: Gallery, county: County, tmp_path: Path):
    one = market(county)
    more = Market(one.defaulted, [*one.asking, "id:stranger"], one.industry)
    assert plan_year(gallery, more, rules(tmp_path)).unknown == ("id:stranger",)


def test_the_curve_is_read_back(county: County, tmp_path: Path):
    write_county(county, tmp_path, THROUGH, "EUR")
    curve = read_curve(tmp_path / "churn_by_rate.csv")
    assert curve.segments == SEGMENTS
    assert curve.rates == pytest.approx(RATES)
