"""The plan of a progressive loan: its periods, its rates, and corrections for arrears."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from karez.engines.servicing.figures import Figures
from karez.engines.servicing.period import Period, Segment
from karez.engines.servicing.terms import InterestMethod, Terms

ONE_DAY = timedelta(days=1)


class Plan:
    """The periods of a loan in order, each linked to its neighbours."""

    __slots__ = (
        "arrears",
        "arrears_until",
        "changes",
        "collected",
        "due_interest",
        "every",
        "factors",
        "figures",
        "flat",
        "grace_lifted",
        "instalments_fixed",
        "is_copy",
        "lent_in_all",
        "periods",
        "rates",
        "terms",
        "unit",
        "unsettled",
        "unshown",
    )

    def __init__(self, stretches: list[tuple[date, date]], terms: Terms, figures: Figures) -> None:
        self.terms = terms
        self.figures = figures
        self.flat = terms.interest is InterestMethod.FLAT
        self.every = terms.every
        self.unit = terms.unit
        self.rates: list[tuple[date, Decimal]] = []  # latest first
        self.factors: dict[tuple[object, ...], tuple[Decimal, Decimal]] = {}
        self.arrears: list[tuple[date, int, date]] = []
        self.arrears_until: date | None = None
        self.is_copy = False
        self.grace_lifted = False
        self.instalments_fixed = False
        self.lent_in_all = 0  # disbursed, made principal or credited back
        self.due_interest = 0  # the interest of all periods
        self.collected = 0  # what all periods collect
        self.changes = 0  # a count that rises whenever a period is worked out anew
        self.unsettled: set[int] = set()  # places of periods whose neighbours do not know yet
        self.unshown: set[int] = set()  # places of periods whose rows do not know yet
        self.periods: list[Period] = []
        for start, due in stretches:
            self.append(start, due, 0)
        for place, period in enumerate(self.periods):
            period.free = place < terms.interest_free

    def append(self, start: date, due: date, instalment: int) -> Period:
        """Add a period at the end and return it."""
        period = Period(self, len(self.periods), start, due, instalment)
        if self.periods:
            period.previous = self.periods[-1]
            period.previous.following = period
        self.periods.append(period)
        period.touch()
        return period

    def copy(self, kept: int = 0) -> Plan:
        """Return an equal plan that can change on its own.

        The first ``kept`` periods, which the caller promises not to change, are shared.
        """
        twin = Plan.__new__(Plan)
        for name in Plan.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.rates = list(self.rates)
        twin.arrears = list(self.arrears)
        twin.unsettled = set(self.unsettled)
        twin.unshown = set(self.unshown)
        twin.periods = self.periods[:kept]
        previous = twin.periods[-1] if kept else None
        for period in self.periods[kept:]:
            copied = period.copy(twin, previous)
            if previous is not None and previous.plan is twin:
                previous.following = copied
            previous = copied
            twin.periods.append(copied)
        return twin

    def trial(self, kept: int = 0) -> Plan:
        """Return a copy on which to work out what would be: free to move, no arrears charged."""
        twin = self.copy(kept)
        twin.arrears_until = None
        twin.is_copy = False
        twin.instalments_fixed = False
        return twin

    def unpaid_trial(self) -> Plan:
        """Return this plan as if nothing had been paid, for working out instalments."""
        twin = self.trial()
        twin.is_copy = True
        twin.arrears = []
        for period in twin.periods:
            _forget_payments(period)
        return twin

    def remove(self, gone: Callable[[Period], bool]) -> None:
        """Take away periods and link those that stay."""
        self.periods = [period for period in self.periods if not gone(period)]
        self.lent_in_all = sum(period.lent for period in self.periods)
        self.due_interest = sum(period.due_interest for period in self.periods)
        self.collected = sum(period.to_collect for period in self.periods)
        self.unsettle()
        previous: Period | None = None
        for place, period in enumerate(self.periods):
            period.place = place
            period.previous = previous
            period.following = None
            if previous is not None:
                previous.following = period
            previous = period

    @property
    def start(self) -> date:
        """The first day of the first period."""
        return self.periods[0].start

    @property
    def last(self) -> Period:
        """The last period."""
        return self.periods[-1]

    @property
    def maturity(self) -> date:
        """The last due date."""
        return self.periods[-1].due

    def rate(self, on: date) -> Decimal:
        """Return the yearly rate, in per cent, that applies from this day."""
        for since, rate in self.rates:
            if since <= on:
                return rate
        return self.terms.rate_pct_year

    def set_rate(self, since: date, rate_pct_year: Decimal) -> None:
        """Let another rate apply from a day; of two for one day the first stays."""
        if all(day != since for day, _ in self.rates):
            self.rates.append((since, rate_pct_year))
            self.rates.sort(reverse=True)

    def covering(self, day: date) -> Period | None:
        """Return the period after whose first day this day comes, and not after its due date."""
        for place, period in enumerate(self.periods):
            if period.start < day <= period.due or (not place and day == period.start):
                return period
        return None

    def find(self, start: date, due: date) -> Period | None:
        """Return the period of exactly these days, else one that holds them."""
        for period in self.periods:
            if period.start == start and period.due == due:
                return period
        for period in self.periods:
            if period.start <= start and period.due >= due:
                return period
        return None

    def from_due(self, due: date) -> list[Period]:
        """Return the periods that are due on or after a day."""
        return [period for period in self.periods if period.due >= due]

    def change_balance(
        self, on: date, *, disbursed: int = 0, correction: int = 0, capitalised: int = 0
    ) -> Period | None:
        """Let the balance change on a day, and return the period that the day belongs to."""
        period = self.covering(on)
        if period is None:
            return None
        segment: Segment | None = None
        if period is self.last and on == period.due:
            # A change on the last day gets a stretch of no days, so that it bears no interest.
            if period.segments[-1].start == period.segments[-1].end:
                segment = period.segments[-1]
        else:
            segment = next((each for each in period.segments if each.end == on), None)
        if segment is None:
            segment = split(period, on)
        segment.disbursed += disbursed
        segment.correction += correction
        segment.capitalised += capitalised
        period.changed()
        return period

    def changed(self, place: int, collected: int, due_interest: int) -> None:
        """Note that the period at this place collects so much more than before."""
        self.changes += 1
        self.collected += collected
        self.due_interest += due_interest
        self.unsettled.add(place)
        self.unshown.add(place)

    def unsettle(self) -> None:
        """Note that any balance may have changed."""
        self.unsettled.update(range(len(self.periods)))

    def collect(self, periods: Sequence[Period], instalment: int) -> None:
        """Let each of these periods collect the instalment, unless more was paid of it."""
        for period in periods:
            if instalment >= period.paid:
                period.original_instalment = period.instalment = instalment
        for period in self.periods[periods[0].place :]:
            period.derive()

    def settle(self) -> None:
        """Carry the balance, and interest that found no room, from each change onwards."""
        place = 0
        for first in sorted(self.unsettled):
            place = max(place, first)
            carried = False
            while place < len(self.periods):
                period = self.periods[place]
                if period.carry_balance() or carried:
                    before = period.unrecognised
                    period.derive()
                    carried = period.unrecognised != before
                elif place > first:
                    break
                place += 1
        self.unsettled.clear()

    def segments(self) -> Iterator[Segment]:
        """Yield the stretches of all periods in order."""
        for period in self.periods:
            yield from period.segments

    @property
    def lent(self) -> int:
        """All that was disbursed, made principal or credited back."""
        return max(self.lent_in_all, 0)

    @property
    def paid_principal(self) -> int:
        """All principal that was paid."""
        return sum([period.paid_principal for period in self.periods])

    @property
    def paid_interest(self) -> int:
        """All interest that was paid."""
        return sum([period.paid_interest for period in self.periods])

    @property
    def credited_principal(self) -> int:
        """All principal that was credited back."""
        return sum(period.credited_principal for period in self.periods)

    @property
    def outstanding_principal(self) -> int:
        """All that was lent and is not repaid."""
        return max(self.lent - self.paid_principal, 0)

    @property
    def is_empty(self) -> bool:
        """Whether no period collects anything yet."""
        return not any(period.instalment for period in self.periods)


def split(period: Period, on: date) -> Segment:
    """Cut a stretch in two on a day, and return the part before it."""
    before = period.segments[0]
    for segment in period.segments:
        if segment.start < on <= segment.end:
            before = segment
    end = before.end
    cut = min(max(on, before.start), end)
    after = Segment(cut, end, paused=before.paused)
    before.end = cut
    before.days = Decimal((cut - before.start).days)
    period.segments.insert(period.segments.index(before) + 1, after)
    return before


def _forget_payments(period: Period) -> None:
    if period.moved_down:
        period.fixed_interest = period.paid_interest
    period.paid_principal = period.paid_interest = period.later_interest = 0
    for segment in period.segments:
        segment.correction = 0
    period.changed()
