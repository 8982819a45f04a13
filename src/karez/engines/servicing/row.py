"""One row of a schedule as the borrower sees it: what is due on a day, and what was paid of it."""

from __future__ import annotations

from datetime import date

from karez.engines.servicing.terms import Bucket


class Row:
    """What falls due on a day, by bucket, and how it was met."""

    def __init__(self, number: int, start: date, due: date, *, down_payment: bool = False) -> None:
        self.number = number
        self.start = start
        self.due = due
        self.down_payment = down_payment
        self.additional = False
        self.reaged = False
        self.owed = [0, 0, 0, 0]
        self.paid = [0, 0, 0, 0]
        self.waived = [0, 0, 0, 0]
        self.written_off = [0, 0, 0, 0]
        self.credited = [0, 0, 0, 0]
        self.advance = 0
        self.late = 0
        self.met = False
        self.met_on: date | None = None

    def copy(self) -> Row:
        """Return an equal row that can change on its own."""
        twin = Row.__new__(Row)
        twin.__dict__ = self.__dict__.copy()
        for name in ("owed", "paid", "waived", "written_off", "credited"):
            twin.__dict__[name] = twin.__dict__[name].copy()
        return twin

    def open(self, bucket: Bucket) -> int:
        """Return what is owed of one bucket and neither paid nor given up."""
        return (
            self.owed[bucket] - self.paid[bucket] - self.waived[bucket] - self.written_off[bucket]
        )

    @property
    def outstanding(self) -> int:
        """What is owed and neither paid nor given up."""
        return sum(self.owed) - sum(self.paid) - sum(self.waived) - sum(self.written_off)

    def pay(self, bucket: Bucket, on: date, amount: int) -> int:
        """Pay a bucket as far as it goes, and return how much that took."""
        if not amount:
            return 0
        taken = min(amount, max(self.open(bucket), 0))
        self.paid[bucket] += taken
        self.judge(on)
        if on < self.due:
            self.advance += taken
        elif on > self.due:
            self.late += taken
        return taken

    def pay_back(self, bucket: Bucket, on: date, amount: int) -> int:
        """Take back what was paid of a bucket as far as it goes, and return how much that gave."""
        given = min(amount, self.paid[bucket])
        self.paid[bucket] -= given
        self.judge(on)
        if bucket is not Bucket.PENALTY:
            if on < self.due:
                self.advance = max(self.advance - given, 0)
            elif on > self.due:
                self.late = max(self.late - given, 0)
        return given

    def add(self, bucket: Bucket, on: date | None, amount: int) -> None:
        """Let more of a bucket be owed, and judge anew whether all is met."""
        self.owed[bucket] += amount
        self.judge(on)

    def judge(self, on: date | None) -> None:
        """Decide anew whether all is met; if so, on this day."""
        self.met = not self.outstanding
        self.met_on = on if self.met else None

    def update(self, on: date) -> None:
        """Decide anew whether all is met; a day that was set before stays."""
        met = not self.outstanding
        if met and not self.met:
            self.met, self.met_on = True, on
        elif self.met and not met:
            self.met, self.met_on = False, None
