"""The book of loans as columns: how each loan stood at the end of a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.servicing.accrual import date_of, day_number
from karez.engines.servicing.outlook import OUTLOOK
from karez.engines.servicing.standing import Status, standings
from karez.services.bookkeeping import Books
from karez.services.lending import STATUSES
from karez.services.reporting.queries import QUERIES

Amounts = npt.NDArray[np.int64]
Words = Sequence[str]

GROUPS = ("product", "officer", "place", "industry", "borrower")
"""What a book is split by."""

_OPEN = {STATUSES.index(Status.ACTIVE), STATUSES.index(Status.CHARGED_OFF)}
_GIVEN_UP = {STATUSES.index(Status.WRITTEN_OFF), STATUSES.index(Status.CHARGED_OFF)}
_AMOUNTS = (
    "principal_minor",
    "interest_minor",
    "fees_minor",
    "penalties_minor",
    "credit_minor",
    "overdue_principal_minor",
    "overdue_interest_minor",
    "overdue_fees_minor",
    "overdue_penalties_minor",
)


@attrs.frozen(eq=False, kw_only=True)
class Portfolio:
    """Loans in columns, by number. Amounts are minor units of each loan's own currency."""

    on: date
    numbers: Amounts
    loan_ids: Sequence[UUID]
    product: Words
    officer: Words
    place: Words
    industry: Words
    borrower: Words
    currency: Words
    opened_on: Sequence[date]
    pd: npt.NDArray[np.float64]
    lgd: npt.NDArray[np.float64]
    status: Amounts
    stage: Amounts
    amounts: dict[str, Amounts]
    oldest_due: list[date | None]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def days_past_due(self) -> Amounts:
        """How many days late the oldest instalment that is open is; 0 if none is."""
        late = [(self.on - due).days if due is not None else 0 for due in self.oldest_due]
        return np.array(late, dtype=np.int64)

    @property
    def principal_minor(self) -> Amounts:
        """The principal that is open."""
        return self.amounts["principal_minor"]

    @property
    def overdue_minor(self) -> Amounts:
        """All that is late."""
        return sum(
            (column for name, column in self.amounts.items() if name.startswith("overdue_")),
            np.zeros(len(self), dtype=np.int64),
        )

    @property
    def is_open(self) -> npt.NDArray[np.bool_]:
        """Whether anything is still to come of the loan."""
        return np.isin(self.status, list(_OPEN))

    @property
    def is_given_up(self) -> npt.NDArray[np.bool_]:
        """Whether the loan was written off or taken to be lost."""
        return np.isin(self.status, list(_GIVEN_UP))

    def groups(self, by: str) -> Words:
        """Return the value of a column of words for each loan; ``GROUPS`` names them."""
        return getattr(self, by)

    def currencies(self) -> list[str]:
        """Return the currencies of the loans."""
        return sorted(set(self.currency))


def load_portfolio(books: Books, on: date) -> Portfolio:
    """Return all loans that were booked by a day, as they stood at its end.

    A day that was not ended yet shows what is foreseen if nothing more happens.
    """
    with books.transaction() as connection:
        rows = connection.execute(QUERIES["portfolio"].text, {"valid_on": on}).fetchall()
        columns = list(zip(*rows, strict=True)) or [()] * 25
        amounts = {
            name: np.array([int(value // 1) for value in column], dtype=np.int64)
            for name, column in zip(_AMOUNTS, columns[13:22], strict=True)
        }
        oldest = list(columns[22])
        stale = [place for place, until in enumerate(columns[24]) if until < on]
        if stale:
            asked = {"loans": [columns[0][place] for place in stale]}
            foreseen = connection.execute(QUERIES["outlooks_of"].text, asked).fetchall()
            _roll(amounts, oldest, stale, [row[1] for row in foreseen], on)
    return Portfolio(
        on=on,
        numbers=np.array(columns[0], dtype=np.int64),
        loan_ids=columns[1],
        product=columns[2],
        officer=columns[3],
        place=columns[4],
        industry=columns[5],
        borrower=columns[6],
        currency=columns[7],
        opened_on=columns[8],
        pd=np.array(columns[9], dtype=np.float64),
        lgd=np.array(columns[10], dtype=np.float64),
        status=np.array(columns[11], dtype=np.int64),
        stage=np.array(columns[12], dtype=np.int64),
        amounts=amounts,
        oldest_due=oldest,
    )


def _roll(
    amounts: dict[str, Amounts],
    oldest: list[date | None],
    places: Sequence[int],
    foreseen: Sequence[bytes],
    on: date,
) -> None:
    """Let loans whose kept standing is of an earlier day stand as their outlooks say."""
    outlooks = [np.frombuffer(each, OUTLOOK) for each in foreseen]
    offsets = np.cumsum([0, *map(len, outlooks)])
    found = standings(np.concatenate(outlooks), offsets, day_number(on))
    for name in _AMOUNTS:
        if name != "credit_minor":
            source = "interest_accrued_minor" if name == "interest_minor" else name
            amounts[name][places] = found[source]
    for place, due in zip(places, found["oldest_due"].tolist(), strict=True):
        oldest[place] = date_of(due) if due >= 0 else None
