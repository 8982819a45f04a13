"""Gather: read the facts of borrowers under their consents, and portray them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

import attrs
import numpy as np
import numpy.typing as npt
import psycopg

from karez.books.facts.log import read_log
from karez.engines.score.portrait import FOREVER, Invoices, Side, Sittings, Status, portray
from karez.engines.score.portrait.facts import Facts
from karez.kernel.errors import KarezError
from karez.services.origination.application import Application
from karez.services.origination.covering import Opened, close_facts, open_facts
from karez.services.origination.desk import Command, Desk, Outcome, run
from karez.services.origination.event import Content, Gathered, Reading
from karez.services.portraits import read_records_of

YEAR_DAYS = 365
STRETCH_DAYS = 30
STRETCHES = 12
STRETCHES_LEAST = 3
"""A firm whose invoices are known for less shows no cash flow yet."""
LOW_PERCENTILE = 20
OF_OTHERS = frozenset({"buyers_shared_share", "suppliers_shared_share"})
"""Features that rest on facts about other firms too: nobody allowed those to be read here."""
_EPOCH = date(1970, 1, 1)
AnyFacts = TypeVar("AnyFacts", bound=Facts)


class Remark(StrEnum):
    """What is odd about the facts of a borrower; the first that holds."""

    NO_FACTS = "no-facts"
    NO_INVOICES = "no-invoices"
    ALL_VOID = "all-void"
    ONE_CUSTOMER = "one-customer"


WORDS = {
    Remark.NO_FACTS: "nothing is known of it from facts",
    Remark.NO_INVOICES: "there are facts about it, and no invoice among them",
    Remark.ALL_VOID: "all its invoices are void",
    Remark.ONE_CUSTOMER: "all its sales of the year are to one customer",
}


def gather(desk: Desk, commands: Sequence[Command], *, preview: bool = False) -> list[Outcome]:
    """Read the facts of borrowers under their consents; keep their portraits, not the facts.

    Refused for one of: ConsentRequiredError, ApplicationNotFoundError, ApplicationStepError.
    A preview reads nothing: it says under which consent facts would be read.
    """
    opened = open_facts(desk, "gathered", commands, preview=preview)

    def make(
        connection: psycopg.Connection, pairs: Sequence[tuple[Command, Application]]
    ) -> list[Content | KarezError]:
        answers = [opened[command.command_id] for command, _ in pairs]
        if preview:
            return [each if isinstance(each, KarezError) else _unread(each) for each in answers]
        return _portraits(connection, desk, pairs, answers)

    return run(desk, "gathered", commands, make, preview=preview)


def _unread(opened: Opened) -> Gathered:
    return Gathered(
        readings=(_reading(opened, 0),), log_size=0, numbers={}, labels={}, facts=0,
        sales_year_minor=0, low_month_minor=None, customers=0, top_customer_share=0.0,
    )  # fmt: skip


def _reading(opened: Opened, facts: int) -> Reading:
    use = opened.use
    return Reading(
        subject=opened.window.subject, consent_id=use.consent_id, use_id=use.use_id,
        range_from=use.range_from, range_to=use.range_to, facts=facts,
    )  # fmt: skip


def _portraits(
    connection: psycopg.Connection,
    desk: Desk,
    pairs: Sequence[tuple[Command, Application]],
    answers: Sequence[Opened | KarezError],
) -> list[Content | KarezError]:
    made: list[Content | KarezError] = [
        each if isinstance(each, KarezError) else _unread(each) for each in answers
    ]
    sitters = {
        place: Sitter(answer, application.asked.currency, command.on)
        for place, (answer, (command, application)) in enumerate(zip(answers, pairs, strict=True))
        if isinstance(answer, Opened)
    }
    found = portray_opened(connection, desk, list(sitters.values()))
    for place, gathered in zip(sitters, found, strict=True):
        made[place] = gathered
    return made


@attrs.frozen
class Sitter:
    """Whose facts lie open, in which currency they count, and as of which day."""

    opened: Opened
    currency: str
    on: date


def portray_opened(
    connection: psycopg.Connection, desk: Desk, sitters: Sequence[Sitter]
) -> list[Gathered]:
    """Portray all whose facts lie open, those in one currency together, and end the uses."""
    size = read_log(connection).size
    found: dict[int, Gathered] = {}
    for unit in sorted({each.currency for each in sitters}):
        places = [place for place, each in enumerate(sitters) if each.currency == unit]
        opened = [sitters[place].opened for place in places]
        days = [sitters[place].on for place in places]
        for place, gathered in zip(places, _of_unit(connection, unit, opened, days), strict=True):
            found[place] = attrs.evolve(gathered, log_size=size)
    counts: dict[UUID, int] = {}
    for gathered in found.values():
        use = gathered.readings[0].use_id
        counts[use] = counts.get(use, 0) + gathered.facts
    close_facts(connection, desk, counts)
    return [found[place] for place in range(len(sitters))]


def _of_unit(
    connection: psycopg.Connection, unit: str, opened: Sequence[Opened], days: Sequence[date]
) -> list[Gathered]:
    """Portray the subjects of windows. Of one asked for twice counts what both windows hold."""
    windows = {each.window.subject: each.window for each in opened}
    for each in opened:
        before, here = windows[each.window.subject], each.window
        since, until = max(before.since, here.since), min(before.until, here.until)
        windows[each.window.subject] = attrs.evolve(before, since=since, until=until)
    records = read_records_of(connection, list(windows.values()), unit).records
    place_of = {name: place for place, name in enumerate(records.parties)}
    known = [place for place, each in enumerate(opened) if each.window.subject in place_of]
    sittings = Sittings(
        [place_of[opened[place].window.subject] for place in known],
        [(days[place] - _EPOCH).days for place in known],
        [FOREVER] * len(known),
    )
    portraits = portray(records, sittings) if known else None
    row_of = {place: row for row, place in enumerate(known)}
    others = [_by_party(records.payrolls), _by_party(records.labels)]
    trade = _by_party(records.invoices)
    found: list[Gathered] = []
    for place, each in enumerate(opened):
        row = row_of.get(place)
        if row is None or portraits is None:
            found.append(attrs.evolve(_unread(each), remark=Remark.NO_FACTS))
            continue
        party, day = int(sittings.party[row]), int(sittings.day[row])
        mine = _of(trade, party, day)
        facts = len(mine) + sum(len(_of(table, party, day)) for table in others)
        found.append(
            attrs.evolve(
                _trade(mine, day),
                readings=(_reading(each, facts),),
                numbers={
                    name: float(values[row])
                    for name, values in portraits.numbers.items()
                    if name not in OF_OTHERS and np.isfinite(values[row])
                },
                labels={
                    name: values[row]
                    for name, values in portraits.labels.items()
                    if values[row] is not None
                },
                facts=facts,
            )
        )
    return found


def _by_party(table: AnyFacts) -> AnyFacts:
    return table.take(np.argsort(table.party, kind="stable"))


def _of(table: AnyFacts, party: int, day: int) -> AnyFacts:
    """Return the facts of a party up to a day, from a table in order of parties."""
    begin, end = np.searchsorted(table.party, (party, party + 1)).tolist()
    return table.take(begin + np.flatnonzero(table.day[begin:end] <= day))


def _trade(invoices: Invoices, day: int) -> Gathered:
    """Return the figures of a borrower's trade and what is odd about it, and nothing else."""
    good = invoices.take(invoices.status != Status.VOID)
    age = day - good.day
    signed = np.where(good.side == Side.SALE, good.amount_minor, -good.amount_minor)
    sale = (good.side == Side.SALE) & (age < YEAR_DAYS)
    customers, place = np.unique(good.counterparty[sale], return_inverse=True)
    by_customer = np.bincount(place, good.amount_minor[sale], len(customers))
    sales = int(good.amount_minor[sale].sum())
    remark = ""
    if not len(invoices):
        remark = Remark.NO_INVOICES
    elif not len(good):
        remark = Remark.ALL_VOID
    elif len(customers) == 1:
        remark = Remark.ONE_CUSTOMER
    return Gathered(
        readings=(),
        log_size=0,
        numbers={},
        labels={},
        facts=0,
        sales_year_minor=sales,
        low_month_minor=_low_month(age, signed),
        customers=len(customers),
        top_customer_share=float(by_customer.max() / sales) if sales > 0 else 0.0,
        remark=remark,
    )


def _low_month(age: npt.NDArray[np.int64], signed: npt.NDArray[np.int64]) -> int | None:
    """Return the 20th percentile of net inflow in stretches of 30 days, None if too few are known.

    Stretches count back from the day, a year at most and as far as invoices go; one without any
    counts as nothing.
    """
    if not len(age):
        return None
    stretches = min(int(age.max()) // STRETCH_DAYS, STRETCHES)
    if stretches < STRETCHES_LEAST:
        return None
    here = age < stretches * STRETCH_DAYS
    net = np.zeros(stretches, np.int64)
    np.add.at(net, age[here] // STRETCH_DAYS, signed[here])
    return int(np.percentile(net, LOW_PERCENTILE, method="lower"))
