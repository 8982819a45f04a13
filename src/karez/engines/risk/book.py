"""A book of loans as the engine sees it: columns, one row a loan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.risk.errors import BookEmptyError, LoanMalformedError
from karez.kernel.errors import ensure

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ONE_SECTOR = "all"


def sums(place: npt.NDArray[np.integer], amounts: Floats, count: int) -> Floats:
    """Return sums of amounts by place, of so many places."""
    return np.bincount(place, amounts, count).astype(np.float64, copy=False)


@attrs.frozen(eq=False)
class Book:
    """Loans of one currency. Amounts may be in any one unit; losses come out in the same.

    A loan with a default probability of 0 is lawful, and never lost. One that is in default
    already is a known loss and no risk: provide for it, and leave it out.
    """

    ids: Sequence[str]
    exposure: Floats
    """What would be owed at default."""
    pd: Floats
    """Probability of default within the horizon, from 0 to below 1."""
    lgd: Floats
    """Share of the exposure that a default loses."""
    sector: Sequence[str]
    """Whose factor moves the loan."""
    labels: Mapping[str, Sequence[str]] = attrs.field(factory=dict[str, Sequence[str]])
    """County, industry, buyer and whatever else concentration is asked for."""

    @classmethod
    def of(  # noqa: PLR0913 - the columns of a book, by name
        cls,
        ids: Sequence[str],
        *,
        exposure: npt.ArrayLike,
        pd: npt.ArrayLike,
        lgd: npt.ArrayLike,
        sector: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
    ) -> Book:
        """Return a book after a look at each loan.

        Raises:
            BookEmptyError: there is no loan.
            LoanMalformedError: of the first loan that is wrong (``loan_faults`` gives all).
        """
        count = len(ids)
        if not count:
            raise BookEmptyError
        owed, chance, lost = (
            np.ascontiguousarray(np.broadcast_to(np.asarray(column, np.float64), count))
            for column in (exposure, pd, lgd)
        )
        faults = loan_faults(ids, owed, chance, lost)
        if faults:
            raise faults[min(faults)]
        sectors: Sequence[str] = [ONE_SECTOR] * count if sector is None else sector
        named = dict(labels or {})
        every = (sectors, *named.values())
        ensure(all(len(column) == count for column in every), "one value a loan")
        return cls(ids, owed, chance, lost, sectors, named)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def loss(self) -> Floats:
        """What each loan loses if it defaults."""
        return self.exposure * self.lgd

    @property
    def expected_loss(self) -> Floats:
        """What each loan loses on average."""
        return self.pd * self.loss

    def take(self, rows: Ints | Flags) -> Book:
        """Return these rows as a book.

        Raises:
            BookEmptyError: there is none.
        """
        kept: list[int] = np.arange(len(self))[rows].tolist()
        if not kept:
            raise BookEmptyError

        def pick(column: Sequence[str]) -> list[str]:
            return [column[row] for row in kept]

        return Book(
            pick(self.ids),
            self.exposure[kept],
            self.pd[kept],
            self.lgd[kept],
            pick(self.sector),
            {name: pick(column) for name, column in self.labels.items()},
        )


_RULES = {
    "exposure": (0.0, np.inf, "give an amount that is not negative"),
    "pd": (
        0.0,
        np.nextafter(1.0, 0.0),
        "give a probability from 0 to below 1, and leave out a loan that is in default already",
    ),
    "lgd": (0.0, 1.0, "give a share from 0 to 1"),
}


def loan_faults(
    ids: Sequence[str], exposure: Floats, pd: Floats, lgd: Floats
) -> dict[int, LoanMalformedError]:
    """Return what is wrong, by row: the first fault of each loan."""
    faults: dict[int, LoanMalformedError] = {}
    for name, values in (("exposure", exposure), ("pd", pd), ("lgd", lgd)):
        least, most, rule = _RULES[name]
        wrong = ~(np.isfinite(values) & (values >= least) & (values <= most))
        for row in np.flatnonzero(wrong).tolist():
            error = LoanMalformedError(
                loan=ids[row], field=name, value=float(values[row]), rule=rule
            )
            faults.setdefault(row, error)
    return faults
