"""How the income of a loan accrues: interest, charges that fall due, and fees that were deferred.

An event changes nothing that accrued on days before it: at each one that may change interest, what
has accrued is written down by the schedule as it stood, and from there it grows evenly to what the
new schedule wants by its next due date. So the income of a past day depends on the events until
that day, and a late event changes the days after it alone.

Days are counted from 2000-01-01.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, NamedTuple

from karez.engines.servicing.effective import Flow, earned_by
from karez.engines.servicing.figures import ZERO
from karez.engines.servicing.terms import Bucket

if TYPE_CHECKING:
    from karez.engines.servicing.account import Account
    from karez.engines.servicing.period import Period
    from karez.engines.servicing.row import Row

PRINCIPAL, INTEREST, FEE, PENALTY = Bucket
INCOME = (INTEREST, FEE, PENALTY)
_EPOCH = date(2000, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Return how many days a day comes after 2000-01-01."""
    return day.toordinal() - _EPOCH


def date_of(number: int) -> date:
    """Return the day that comes so many days after 2000-01-01."""
    return date.fromordinal(number + _EPOCH)


class Line(NamedTuple):
    """Days after ``start`` up to ``end``, on which income grows evenly to what it is ``until``.

    Interest is ``base + (target - base) * (day - start) // (until - start)``, and so are fees. A
    line that starts where it ends is a leap on that day.
    """

    start: int
    end: int
    until: int
    base: int
    target: int
    earned_base: int
    earned_target: int

    def at(self, day: int) -> tuple[int, int]:
        """Return the interest, and the deferred fees earned, by a day for which it holds."""
        if day >= self.until:
            return self.target, self.earned_target
        gone, days = day - self.start, self.until - self.start
        return (
            self.base + (self.target - self.base) * gone // days,
            self.earned_base + (self.earned_target - self.earned_base) * gone // days,
        )


class Point(NamedTuple):
    """A day on which income changes its pace, and what it is by then.

    ``row`` is the instalment that falls due on it, if one does.
    """

    start: int
    until: int
    interest: int
    row: Row | None
    fees: int
    penalties: int
    is_last: bool


class Accrual:
    """What has accrued of a loan's income until ``since``, and how."""

    __slots__ = (
        "accrued",
        "charged_back",
        "closed",
        "curve",
        "deferred",
        "earned",
        "given_up",
        "lines",
        "recognised",
        "recognitions",
        "since",
    )

    def __init__(self) -> None:
        self.since = 0
        self.lines: list[Line] = []
        self.recognitions: list[tuple[int, int, int]] = []  # day, fees and penalties
        self.accrued = 0  # interest
        self.earned = 0  # of deferred fees
        self.recognised = [0, 0, 0, 0]  # fees and penalties
        self.charged_back = [0, 0, 0, 0]  # owed again, and not income again
        self.given_up = [0, 0, 0, 0]  # written off before it was income
        self.deferred = 0  # fees that are earned over the life of the loan
        self.curve: list[tuple[int, int]] = []  # what of them is earned by a day
        self.closed = False  # nothing is open: all that is income has accrued

    def copy(self) -> Accrual:
        """Return an equal accrual that can go on alone."""
        twin = Accrual.__new__(Accrual)
        for name in Accrual.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.lines = list(self.lines)
        twin.recognitions = list(self.recognitions)
        twin.recognised = list(self.recognised)
        twin.charged_back = list(self.charged_back)
        twin.given_up = list(self.given_up)
        return twin

    def go(self, account: Account, day: int) -> None:
        """Let income accrue until a day by the schedule as it stands."""
        if day <= self.since:
            return
        for point in self.points(account):
            if point.start >= day and point.until > day:
                break
            line = self.line(point)
            if point.until > day:
                line = line._replace(end=day)
            self._keep(line)
            if point.until > day:
                break
            if point.row is not None:
                self._recognise(point.until, point.fees, point.penalties)
        self.since = day

    def line(self, point: Point) -> Line:
        """Return the line from where income stands to a point."""
        is_all = self.closed or point.is_last
        earned = self.deferred if is_all else self._earned_by(point.until)
        return Line(
            point.start,
            point.until,
            point.until,
            self.accrued,
            point.interest,
            self.earned,
            earned,
        )

    def points(self, account: Account) -> Iterator[Point]:
        """Yield where income changes its pace, after ``since``.

        What has accrued never falls, but to what is owed in all.
        """
        _, owed = self._owed(account)
        reached, at = max(self.accrued, owed[INTEREST]), self.since
        if reached != self.accrued:
            yield Point(at, at, reached, None, 0, 0, is_last=False)
        fees, penalties = self.recognised[FEE], self.recognised[PENALTY]
        returned = any(self.charged_back)
        parted = _parted(account)
        now = date_of(at)
        rows = [row for row in by_due(account) if row.due > now]
        for row in rows:
            for bucket in INCOME:
                owed[bucket] += row.owed[bucket]
                if returned:
                    owed[bucket] -= row.credited[bucket]
            until = day_number(row.due)
            start = max(day_number(row.start), at)
            at = until
            target = max(owed[INTEREST], reached)
            fees, penalties = max(fees, owed[FEE]), max(penalties, owed[PENALTY])
            period = parted.get((row.start, row.due))
            if period is not None and target > reached:
                for day, part in _cuts(period, start):
                    interest = reached + _floor((target - reached) * part)
                    yield Point(start, day, interest, None, 0, 0, is_last=False)
                    start = day
            yield Point(start, until, target, row, fees, penalties, is_last=row is rows[-1])
            reached = target

    def settle(self, account: Account, settled: Sequence[int] | None = None) -> list[int]:
        """Let income be what is due by now, and all of it where nothing is open any more.

        A loan that is written off says what was ``settled`` of each bucket: income that was not
        settled, and is none of it yet, never will be. Returns what is open of each bucket of
        income.
        """
        final, due = self._owed(account)
        rows = account.rows
        self.closed = not any(row.outstanding > 0 for row in reversed(rows))
        income = [0, self.accrued, self.recognised[FEE], self.recognised[PENALTY]]
        for bucket in INCOME:
            if settled is not None:
                income[bucket] = max(income[bucket], settled[bucket])
                self.given_up[bucket] += final[bucket] - income[bucket]
            elif self.closed:
                income[bucket] = final[bucket]
            else:
                income[bucket] = min(max(income[bucket], due[bucket]), final[bucket])
        now = date_of(self.since)
        is_over = self.closed or not any(row.due > now for row in reversed(rows))
        earned = self.deferred if is_over else self.earned
        self._leap(income[INTEREST], earned)
        self._recognise(self.since, income[FEE], income[PENALTY])
        if settled is None:
            return [0, 0, 0, 0]
        return [now - then for now, then in zip(income, settled, strict=True)]

    def arrange(self, account: Account) -> None:
        """Spread what is deferred over the instalments that are to come."""
        on = self.since
        left = self.deferred - self.earned
        flows = [
            Flow(
                day_number(row.due) - on,
                max(row.open(PRINCIPAL), 0),
                max(row.open(INTEREST), 0),
            )
            for row in by_due(account)
            if day_number(row.due) > on
        ]
        if left <= 0 or not flows:
            self.curve = [(on, self.deferred)]
            self._leap(self.accrued, self.deferred)
            return
        _, due = self._owed(account)
        accrued = min(max(self.accrued - due[INTEREST], 0), flows[0].interest_minor)
        self.curve = [(on, self.earned)]
        for flow, amount in zip(flows, earned_by(flows, left, accrued), strict=True):
            if on + flow.days == self.curve[-1][0]:
                self.curve.pop()
            self.curve.append((on + flow.days, self.earned + amount))

    def _owed(self, account: Account) -> tuple[list[int], list[int]]:
        """Return the income that rows owe in all, and by now."""
        now = date_of(self.since)
        rows = account.rows
        not_income = self._not_income(account)
        sums: list[list[int]] = []
        for chosen in (rows, [row for row in rows if row.due <= now]):
            owed = [sum(bucket) for bucket in zip(*[row.owed for row in chosen], strict=True)]
            if any(self.charged_back):
                for row in chosen:
                    for bucket in INCOME:
                        owed[bucket] -= row.credited[bucket]
            owed = owed or [0, 0, 0, 0]
            sums.append([have - no for have, no in zip(owed, not_income, strict=True)])
        return sums[0], sums[1]

    def _not_income(self, account: Account) -> list[int]:
        """Return what rows owe that is no income, beside what they say was credited back."""
        if not any(self.charged_back) and not any(self.given_up):
            return [0, 0, 0, 0]
        return [
            self.charged_back[bucket]
            + self.given_up[bucket]
            - sum(row.credited[bucket] for row in account.rows)
            for bucket in Bucket
        ]

    def _keep(self, line: Line) -> None:
        self.accrued, self.earned = line.at(line.end)
        if line.target != line.base or line.earned_target != line.earned_base:
            self.lines.append(line)

    def _leap(self, accrued: int, earned: int) -> None:
        day = self.since
        self._keep(Line(day, day, day, self.accrued, accrued, self.earned, earned))

    def _recognise(self, day: int, fees: int, penalties: int) -> None:
        more = fees - self.recognised[FEE], penalties - self.recognised[PENALTY]
        if any(more):
            self.recognitions.append((day, *more))
            self.recognised = [0, 0, fees, penalties]

    def _earned_by(self, day: int) -> int:
        curve = self.curve
        place = bisect_left(curve, (day + 1,))
        if place == len(curve):
            return curve[-1][1] if curve else self.earned
        (start, base), (until, target) = curve[place - 1], curve[place]
        return base + (target - base) * (day - start) // (until - start)


def by_due(account: Account) -> list[Row]:
    """Return the rows of a loan by due date."""
    return sorted(account.rows, key=lambda row: row.due)


def _floor(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_FLOOR))


def _parted(account: Account) -> dict[tuple[date, date], Period]:
    """Return the periods inside which interest changes its pace, by their days."""
    if account.plan is None:
        return {}
    return {
        (period.start, period.due): period
        for period in account.plan.periods
        if len(period.segments) > 1
    }


def _cuts(period: Period, start: int) -> list[tuple[int, Decimal]]:
    """Return the days inside a period on which its pace changes, with the part accrued by then.

    Parts are of what accrues after ``start``.
    """
    ends: list[int] = []
    weights: list[Decimal] = []
    pace = None
    for segment in period.segments:
        begin, end = day_number(segment.start), day_number(segment.end)
        if end <= max(start, begin):
            continue
        before, pace = pace, (segment.balance, segment.paused, period.plan.rate(segment.start))
        if pace == before:
            ends.pop()
        else:
            weights.append(ZERO)
        weight = period.segment_interest(segment) - segment.credited_interest
        weights[-1] += max(weight, ZERO) * (end - max(begin, start)) / (end - begin)
        ends.append(end)
    whole = sum(weights)
    if not whole:
        return []
    reached = ZERO
    parts: list[tuple[int, Decimal]] = []
    for end, weight in zip(ends, weights, strict=True):
        reached += weight
        parts.append((end, reached / whole))
    return parts[:-1]
