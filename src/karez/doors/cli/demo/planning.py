"""The first chapters: invoices become facts, facts portraits, portraits a score and a plan."""

from __future__ import annotations

import shutil
from pathlib import Path

import attrs
import numpy as np

from karez.doors.cli.bookkeeping import lines_of, progress
from karez.doors.cli.demo.setting import Setting
from karez.doors.cli.demo.story import Story
from karez.doors.cli.import_invoices import InvoiceIntake
from karez.doors.cli.price_words import by_industry_words, major_of, refusal_words
from karez.doors.cli.report_options import write_rows
from karez.doors.cli.shell import Shell, table
from karez.doors.files.markets import FirmFolder, read_firm_folder
from karez.doors.files.price.firms import read_curve
from karez.doors.files.trade.mapping import InvoiceMapping
from karez.engines.price import Firms, Plan, Question
from karez.engines.price.shock import by_industry
from karez.kernel.money import Currency
from karez.services.evidence import Evidence
from karez.services.planning import Market, Rules, Year, plan_year
from karez.services.planning.year import shocked
from karez.services.portraits import Gallery, portray_all

_SHOWN = 5


@attrs.frozen
class Season:
    """A year planned, and the firms it is about by their own ids and by those of the facts."""

    firms: FirmFolder
    party: dict[str, str]
    """The id that facts have, by the firm's own."""
    year: Year
    evidence: Evidence
    plan: Plan
    """The plan that is lent by: that of the year, or after a shock."""


@attrs.frozen
class RefusedRow:
    """A row of a list of firms that cannot be read."""

    file: str
    line: int
    field: str
    value: str
    code: str
    message: str


def plan_the_season(
    shell: Shell, story: Story, setting: Setting, evidence: Evidence, refused: Path
) -> Season:
    """Tell the chapters from files to a plan, and return the plan.

    Rows that cannot be read are kept in the folder ``refused``, each with the reason.
    """
    firms = read_firm_folder(setting.folder)
    mapping = InvoiceMapping.load(firms.mapping)
    party = {name: f"{mapping.party_scheme}:{name}" for name in firms.names}
    shutil.rmtree(refused, ignore_errors=True)
    refused.mkdir()
    with progress(shell, "invoices") as tell:
        _take_in(story, firms, InvoiceIntake(evidence, mapping, tell, refused))
    tell_refused_firms(story, firms, refused)
    gallery = _portray(story, setting, evidence)
    year = _plan(story, setting, firms, party, gallery)
    plan = _shock(story, setting, year)
    return Season(firms, party, year, evidence, plan)


def _take_in(story: Story, firms: FirmFolder, intake: InvoiceIntake) -> None:
    story.begin("Invoices become facts")
    story.say(
        f"{len(firms.names):,} firms: {len(firms.defaulted):,} had a loan before,"
        f" {sum(firms.defaulted.values()):,} of these failed; {len(firms.asking):,} ask for one."
    )
    for file in firms.invoices:
        intake.take(file)
    done = intake.report.intake
    kept = done.recorded + done.there_already
    story.fact(
        "facts", kept,
        f"{kept:,} invoices stand in the facts book, under a signed log; {done.refused:,} were"
        " refused.",
    )  # fmt: skip
    if intake.kept:
        story.say(f"What was refused, and why: {', '.join(map(str, intake.kept))}")
    story.say(
        f"Among them {done.noted['void']:,} void ones, {done.noted['negative']:,} returns,"
        f" {done.noted['repeated_numbers']:,} numbers that stand twice."
    )


def tell_refused_firms(story: Story, firms: FirmFolder, folder: Path) -> None:
    """Tell how many rows of the lists of firms cannot be read, and keep each with the reason."""
    count = len(firms.refusals)
    story.facts["firms_refused"] = count
    if not count:
        return
    rows = [
        RefusedRow(Path(each.file).name, each.line, each.field, each.value, each.error.code,
                   each.error.message)
        for each in firms.refusals
    ]  # fmt: skip
    file = folder / "firms.csv"
    write_rows(file, rows)
    story.say(
        f"{count:,} rows of the lists of firms cannot be read, such as", f"  {firms.refusals[0]}"
    )
    story.say(f"All of them, and why: {file}")


def _portray(story: Story, setting: Setting, evidence: Evidence) -> Gallery:
    story.begin(f"Portraits as of {setting.as_of}")
    gallery = portray_all(evidence, setting.as_of)
    made = gallery.portraits
    story.fact(
        "portraits", len(made.ids),
        f"{len(made.ids):,} firms, {len(made.numbers)} features each, and every figure opens into"
        " its facts.",
    )  # fmt: skip
    return gallery


def _plan(
    story: Story, setting: Setting, firms: FirmFolder, party: dict[str, str], gallery: Gallery
) -> Year:
    terms = setting.terms
    curve = read_curve(firms.curve)

    def ask(these: Firms) -> Question:
        return terms.question(these, curve, np.full(len(these), np.inf))

    market = Market(
        {party[name]: failed for name, failed in firms.defaulted.items()},
        [party[name] for name in firms.asking],
        {party[name]: industry for name, industry in firms.industry.items()},
    )
    rules = Rules(
        ask, setting.sheet.lgd(), terms.least_minor, terms.most_minor, len(curve.segments),
        past_years=setting.past_years,
    )  # fmt: skip
    story.begin("A score from the firms whose past is known")
    year = plan_year(gallery, market, rules)
    _tell_score(story, year)
    story.begin("The year's plan")
    _tell_plan(story, year, setting.terms.currency)
    return year


def _tell_score(story: Story, year: Year) -> None:
    judged, pd = year.card.out_of_fold, year.plan.question.firms.pd
    if judged is not None and judged.auc is not None:
        story.fact(
            "auc_on_unseen", round(judged.auc, 3),
            f"Judged on firms that it has not seen, it puts a failed one above a sound one"
            f" {judged.auc:.0%} of the time.",
        )  # fmt: skip
    low, middle, high = (f"{each:.1%}" for each in np.quantile(pd, [0.1, 0.5, 0.9]))
    story.fact(
        "scored", len(pd),
        f"{len(pd):,} firms scored: default within a year {middle} at the middle, {low} to {high}"
        " for eight in ten.",
    )  # fmt: skip
    story.say(*(f"Beware: {warning}" for warning in year.overlap.warnings[:1]))
    ringed = np.flatnonzero(year.sales.in_rings_minor)
    if len(ringed):
        story.fact(
            "in_rings", len(ringed),
            f"{len(ringed)} firms sell in a ring: what came back to them is not believed.",
        )  # fmt: skip


def _tell_plan(story: Story, year: Year, currency: Currency) -> None:
    plan, unit = year.plan, year.plan.question
    lent = plan.amount_minor > 0
    count = int(lent.sum())
    story.fact("lent_to", count, f"{count:,} of {len(lent):,} firms get a loan,")
    total = major_of(int(plan.amount_minor.sum()), currency)
    story.fact("offered", str(total), f"{total:,} of {major_of(unit.budget_minor, currency):,}"
               f" {currency.code} in all, and no plan earns more: it is proven.")  # fmt: skip
    profit, loss = (major_of(round(each), currency) for each in
                    (plan.total_minor, float(plan.expected_loss_minor.sum())))  # fmt: skip
    story.fact("expected_profit", str(profit), f"Expected profit {profit:,}, after funding,"
               f" capital, a loss of {loss:,} and the customers who will not come.")  # fmt: skip
    story.say("", "What simpler lenders would earn, whom neither limits nor bounds hold:")
    simple = {each.name: major_of(round(each.total_minor), currency) for each in year.baselines}
    story.facts["baselines"] = {name: str(amount) for name, amount in simple.items()}
    story.say(*(f"  {line}" for line in lines_of(list(simple.items()))))
    order = np.argsort(-plan.profit_minor, kind="stable")[:_SHOWN]
    rows = [_offer_row(year, int(row), currency) for row in order if plan.amount_minor[row]]
    headings = ["firm", "industry", "amount", "rate %", "pd", "what counts against it"]
    story.say("", *table(headings, rows))
    names = [name.partition(":")[2] for name in unit.firms.names]
    words = [f"{names[each.firm]}: {refusal_words(each)}" for each in year.refusals[:_SHOWN]]
    story.say("", f"{len(year.refusals):,} get none, each with its reason, such as", *words)


def _offer_row(year: Year, row: int, currency: Currency) -> tuple[object, ...]:
    plan = year.plan
    firms = plan.question.firms
    return (
        firms.names[row].partition(":")[2],
        firms.industry[row],
        major_of(int(plan.amount_minor[row]), currency),
        f"{plan.rate_ppm[row] / 1e4:.2f}",
        f"{firms.pd[row]:.1%}",
        "; ".join(reason.words for reason in year.reasons[row][:1]),
    )


def _shock(story: Story, setting: Setting, year: Year) -> Plan:
    if not setting.shocks:
        return year.plan
    story.begin("The same plan after a shock")
    plan = shocked(year, setting.shocks, setting.terms.response)
    words = by_industry_words(by_industry(year.plan), by_industry(plan), setting.terms.currency)
    story.say(*words)
    story.facts["after_shock"] = words
    return plan
