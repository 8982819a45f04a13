"""What a loan of a product would be: its schedule, its cost, and what it would post when."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import attrs

from karez.engines.cashflow.cost import Cost, Flow, cost_of, percent
from karez.engines.servicing import Account, Line, PayoutLine, fold, schedule_table
from karez.engines.servicing.events import Payment
from karez.engines.servicing.movements import MovementKind, movements
from karez.services.products.planning import planned, within
from karez.services.products.sheet import TermSheet


@attrs.frozen(eq=False)
class Preview:
    """A loan that is only thought of, if all is paid on the day it falls due."""

    sheet: TermSheet
    rate_pct_year: Decimal
    account: Account
    cost: Cost

    @property
    def lines(self) -> list[PayoutLine | Line]:
        """What goes out and what falls due, in order of dates."""
        return schedule_table(self.account)

    @property
    def dues(self) -> list[Line]:
        """The instalments."""
        return [line for line in self.lines if isinstance(line, Line)]

    @property
    def interest_minor(self) -> int:
        """All interest."""
        return sum(line.interest_minor for line in self.dues)

    @property
    def fees_minor(self) -> int:
        """All fees, those that are taken at disbursement too."""
        taken = sum(line.fees_minor for line in self.lines if isinstance(line, PayoutLine))
        return taken + sum(line.fees_minor for line in self.dues)

    @property
    def passes_cap(self) -> bool:
        """Whether the yearly cost is no higher than the law allows."""
        most = self.sheet.pricing.apr_most_pct
        return most is None or percent(self.cost.apr_eu) <= most


@attrs.frozen
class Posting:
    """What is posted on a day: of one kind, from one account or role to another."""

    on: date
    kind: MovementKind
    debit: str
    credit: str
    amount_minor: int


def postings(shown: Preview) -> list[Posting]:
    """Return what a loan posts if all is paid on the day it falls due.

    What time does, such as interest that accrues each day, is summed up to the day of the next
    instalment.
    """
    account = shown.account
    events = list(account.events.values())
    for number, row in enumerate(account.rows, len(events) + 1):
        amount_minor = sum(row.owed)
        if amount_minor:
            events.append(
                Payment(number=number, on=row.due, posted_on=row.due, amount_minor=amount_minor)
            )
    last = account.rows[-1].due
    dues = sorted({row.due for row in account.rows})
    sums: defaultdict[tuple[date, MovementKind], int] = defaultdict(int)
    for each in movements(fold(account.terms, events, as_of=last), last):
        on = each.on if each.event else dues[bisect_left(dues, each.on)]
        sums[on, each.kind] += each.amount_minor
    order = list(MovementKind)
    return [
        Posting(on, kind, *shown.sheet.ledger.sides(kind), amount_minor)
        for (on, kind), amount_minor in sorted(
            sums.items(), key=lambda item: (item[0][0], order.index(item[0][1]))
        )
        if amount_minor
    ]


def preview(
    sheet: TermSheet,
    *,
    amount_minor: int,
    instalments: int,
    starts_on: date,
    rate_pct_year: Decimal | None = None,
) -> Preview:
    """Return what a loan would be; without a rate at that of the product for its usual borrower.

    Raises:
        ProductTermError: the product has no such amount, rate or number of instalments.
        RateNotFoundError: nothing is paid after the day of the loan.
    """
    if rate_pct_year is None:
        rate_pct_year = sheet.rate_for(
            amount_minor=amount_minor,
            pd=float(sheet.provisioning.pd_pct / 100),
            lgd=sheet.lgd(),
        )
    within(sheet, amount_minor=amount_minor, rate_pct_year=rate_pct_year, instalments=instalments)
    account = planned(
        sheet,
        amount_minor=amount_minor,
        rate_pct_year=rate_pct_year,
        instalments=instalments,
        starts_on=starts_on,
    )
    flows = [flow for flow in _flows(schedule_table(account)) if flow.amount_minor]
    return Preview(sheet, rate_pct_year, account, cost_of(flows))


def _flows(lines: list[PayoutLine | Line]) -> Iterator[Flow]:
    for line in lines:
        if isinstance(line, PayoutLine):
            yield Flow(line.on, -line.amount_minor)
            yield Flow(line.on, line.fees_minor)
        else:
            yield Flow(line.due, line.total_minor)
