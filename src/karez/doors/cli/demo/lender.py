"""Founding: a chart of accounts, money to lend, products on the shelf; and what running costs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import attrs

from karez.doors.cli.demo.story import Story
from karez.doors.cli.price_words import major_of
from karez.kernel.money import Currency, Money
from karez.services.bookkeeping import Books, Draft, Movement, balance, post_entry
from karez.services.bookkeeping.naming import derive_id
from karez.services.lending import open_chart
from karez.services.products import TermSheet, catalogue, publish

CASH, BANK, BORROWINGS, CAPITAL = "1010", "1020", "2200", "3010"
FUNDING_COST, OPERATING_COST = "5010", "5040"
_CAPITAL_SHARE = Decimal("0.2")


@attrs.frozen
class Lender:
    """Whose books these are, and what money costs it. What it lacks, it borrows by the month."""

    books: Books
    currency: Currency
    funding_pct_year: Decimal

    def major(self, amount_minor: int) -> Decimal:
        """Return an amount in major units."""
        return major_of(amount_minor, self.currency)

    def end_month(self, last: date) -> None:
        """Pay a month's interest, carry the cash to the bank; then borrow what lacks, or repay."""
        # Of the day before, which this month's end does not move, however often it is begun.
        owed = balance(self.books, BORROWINGS, last - timedelta(1)).balance_minor
        interest = int(owed * self.funding_pct_year / 100 / 12)
        self._post("funding", str(last), last, (FUNDING_COST, BANK), interest)
        cash = balance(self.books, CASH, last).balance_minor
        self._post("carrying", str(last), last, (BANK, CASH), cash)
        left = balance(self.books, BANK, last).balance_minor
        if left < 0:
            self._post("borrowing", str(last), last, (BANK, BORROWINGS), -left)
        else:
            self._post("repaying", str(last), last, (BORROWINGS, BANK), min(left, owed))

    def pay_for_loan(self, number: int, on: date, cost_minor: int) -> None:
        """Pay what it costs to make and serve a loan."""
        self._post("serving", str(number), on, (OPERATING_COST, BANK), cost_minor)

    def _post(self, kind: str, name: str, on: date, sides: tuple[str, str], amount: int) -> None:
        if amount:
            post_entry(self.books, _draft(kind, name, on, sides, Money(amount, self.currency)))


def found(story: Story, books: Books, sheet: TermSheet, budget_minor: int, day: date) -> Lender:
    """Open the books of a lender that has a fifth of a budget, and products on the shelf."""
    story.begin("A lender opens its books")
    unit = sheet.currency
    chart = open_chart(books, unit.code)
    own = Money(int(budget_minor * _CAPITAL_SHARE), unit)
    post_entry(books, _draft("capital", "founding", day, (BANK, CAPITAL), own))
    shelf = [publish(books, text, name=code, actor="board") for code, text in catalogue().items()]
    story.fact(
        "products", len(shelf),
        f"{len(chart)} accounts, {len(shelf)} products on the shelf, and"
        f" {major_of(own.amount_minor, unit):,} {unit.code} of its own. What it lacks it borrows.",
    )  # fmt: skip
    return Lender(books, unit, sheet.pricing.funding_pct_year)


def _draft(kind: str, name: str, on: date, sides: tuple[str, str], amount: Money) -> Draft:
    entry = derive_id("demo", kind, name)
    movement = Movement(*sides, amount)
    return Draft(on, [movement], kind=kind, reference={"demo": name}, entry_id=entry)
