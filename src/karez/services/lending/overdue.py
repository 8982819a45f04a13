"""Which loans are late, the latest first: the worklist of whoever collects."""

from __future__ import annotations

from datetime import date, timedelta

import attrs

from karez.services.bookkeeping import Books
from karez.services.lending.queries import QUERIES
from karez.services.lending.reading import LoanView, view_loans

Position = tuple[date, int, int]
"""Where a loan stands in the list: its oldest due day, what is late negated, its number."""

_FIRST: Position = (date.min, 0, 0)


@attrs.frozen
class Late:
    """A loan that is late, and where it stands in the list."""

    position: Position
    view: LoanView


def find_overdue(  # noqa: PLR0913 - one for each filter
    books: Books,
    on: date,
    *,
    days_least: int = 1,
    days_most: int | None = None,
    after: Position = _FIRST,
    most: int,
) -> list[Late]:
    """Return loans that are late so many days on a day: the latest first, then by what is late.

    Those are meant that the last end of a day found late, and that nobody has paid since. The list
    goes on after a position, for at most so many.
    """
    oldest, amount_negated, number = after
    asked = {
        "first_due": max(oldest, date.min if days_most is None else on - timedelta(days=days_most)),
        "last_due": on - timedelta(days=days_least),
        "oldest_due": oldest,
        "amount_negated": amount_negated,
        "loan_number": number,
        "most": most,
    }
    with books.transaction() as connection:
        rows = connection.execute(QUERIES["overdue"].text, asked).fetchall()
        views = view_loans(connection, [row[2] for row in rows], on)
        return [Late((row[0], row[1], row[2]), views[row[2]]) for row in rows]
