"""Founding: a chart of accounts, money to lend, products on the shelf; and what running costs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import attrs

from karez.doors.cli.demo.story import Story
from karez.doors.cli.price_words import major_of
from karez.kernel.money import Currency, Money
from karez.services.bookkeeping import Books, Draft, Movement, post_entry
from karez.services.bookkeeping.naming import derive_id
from karez.services.lending import open_chart
from karez.services.products import catalogue, publish

BANK, BORROWINGS, CAPITAL, FUNDING_COST, OPERATING_COST = "1020", "2200", "3010", "5010", "5040"
_CAPITAL_SHARE = Decimal("0.2")
_ROOM = Decimal("1.2")  # for what is lent beside the plan, and for interest that comes later


@attrs.frozen
class Lender:
    """Whose books these are, and what money costs it."""

    books: Books
    currency: Currency
    borrowed_minor: int
    funding_pct_year: Decimal

    def pay_for_month(self, last: date) -> None:
        """Pay the interest of a month on what was borrowed, on its last day."""
        due = self.borrowed_minor * self.funding_pct_year / 100 / 12
        self._post("funding", str(last), last, FUNDING_COST, BANK, int(due))

    def pay_for_loan(self, number: int, on: date, cost_minor: int) -> None:
        """Pay what it costs to make and serve a loan."""
        self._post("serving", str(number), on, OPERATING_COST, BANK, cost_minor)

    def _post(self, kind: str, name: str, on: date, debit: str, credit: str, amount: int) -> None:
        if amount:
            draft = _draft(self.currency, kind, name, on, debit, credit, amount)
            post_entry(self.books, draft)


def found(
    story: Story, books: Books, currency: Currency, budget_minor: int, rate: Decimal, on: date
) -> Lender:
    """Open the books of a lender that has money for a budget: a fifth its own, the rest borrowed."""
    story.begin("A lender opens its books")
    chart = open_chart(books, currency.code)
    money = int(budget_minor * _ROOM)
    own = int(money * _CAPITAL_SHARE)
    day = on - timedelta(days=1)
    post_entry(books, _draft(currency, "capital", "founding", day, BANK, CAPITAL, own))
    post_entry(books, _draft(currency, "borrowing", "founding", day, BANK, BORROWINGS, money - own))
    shelf = [publish(books, text, name=code, actor="board") for code, text in catalogue().items()]
    story.fact(
        "products", len(shelf),
        f"{len(chart)} accounts, {len(shelf)} products on the shelf, and"
        f" {major_of(money, currency):,} {currency.code} in the bank, a fifth of it its own.",
    )  # fmt: skip
    return Lender(books, currency, money - own, rate)


def _draft(  # noqa: PLR0913 - one for each part of an entry
    unit: Currency, kind: str, name: str, on: date, debit: str, credit: str, amount: int
) -> Draft:
    movement = Movement(debit, credit, Money(amount, unit))
    entry = derive_id("demo", kind, name)
    return Draft(on, [movement], kind=kind, reference={"demo": name}, entry_id=entry)
