"""What is wrong with a policy before it meets an application: dead rows, gaps, rows that clash.

The cases of a policy are walked column by column, piece by piece, with the set of rows that still
fit. What was walked before with the same rows is not walked again, so the walk stays short although
the cases are many.
"""

from __future__ import annotations

import attrs

from karez.engines.price.errors import PolicyTooLargeError
from karez.engines.price.limit import NO_LIMIT
from karez.engines.price.policy.codes import Pieces, pieces_of
from karez.engines.price.policy.table import Decision, Hit, Outcome, Policy

GAPS_SHOWN = 20
STEPS_MOST = 300_000


@attrs.frozen
class Clash:
    """Two rows that fit some of the same cases, of which the upper lets through more.

    Neither is within the other. Where the first hit counts, the lower row, which is stricter, does
    not hold there. A stricter row above a laxer one is how a policy refuses, and is no clash.
    """

    upper: int
    lower: int


@attrs.frozen
class Checked:
    """What was found; rows by their numbers in the file."""

    dead: tuple[int, ...]
    """Rows that never decide anything: those above them take all their cases."""
    clashes: tuple[Clash, ...]
    gaps: tuple[dict[str, str], ...]
    """Cases that no row fits, by column, ``GAPS_SHOWN`` at most; they go to a person."""

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not (self.dead or self.clashes or self.gaps)


def check(policy: Policy, *, steps_most: int = STEPS_MOST) -> Checked:
    """Return what is wrong with a policy; give up after so many steps of the walk.

    Raises:
        PolicyTooLargeError: there are too many cases to walk.
    """
    pieces = pieces_of(policy)
    walk = _Walk(policy, pieces, steps_most)
    walk.go(0, (1 << len(policy.rows)) - 1)
    dead: list[int] = []
    if policy.hit is Hit.FIRST:
        dead = [row.number for place, row in enumerate(policy.rows) if place not in walk.deciding]
    return Checked(tuple(dead), tuple(_clashes(policy, pieces, set(dead))), tuple(walk.gaps))


@attrs.define
class _Walk:
    policy: Policy
    pieces: list[Pieces]
    steps_most: int
    deciding: set[int] = attrs.field(factory=set[int])
    gaps: list[dict[str, str]] = attrs.field(factory=list[dict[str, str]])
    path: dict[str, str] = attrs.field(factory=dict[str, str])
    walked: set[tuple[int, int]] = attrs.field(factory=set["tuple[int, int]"])
    asks_nothing: list[int] = attrs.field(init=False)
    """For each column the rows that ask nothing from there on."""

    def __attrs_post_init__(self) -> None:
        self.asks_nothing = [
            sum(all(cell.is_any() for cell in row.cells[column:]) << place
                for place, row in enumerate(self.policy.rows))
            for column in range(len(self.pieces) + 1)
        ]  # fmt: skip

    def go(self, column: int, fits: int) -> None:
        """Walk all cases of the columns from here, among the rows that still fit."""
        if not fits:
            if len(self.gaps) < GAPS_SHOWN:
                self.gaps.append({name: words for name, words in self.path.items() if words})
            return
        certain = fits & self.asks_nothing[column]
        if certain:
            # Rows below one that asks nothing more decide nothing here.
            first = certain & -certain
            fits &= (first << 1) - 1
        if fits == fits & -fits and certain:
            self.deciding.add(fits.bit_length() - 1)
            return
        if (column, fits) in self.walked:
            return
        if len(self.walked) >= self.steps_most:
            raise PolicyTooLargeError(table=self.policy.name, most=self.steps_most)
        self.walked.add((column, fits))
        name, of = self.policy.columns[column], self.pieces[column]
        left: dict[int, list[int]] = {}  # pieces by the set of rows that they leave
        for piece, passes in enumerate(of.passes):
            left.setdefault(fits & passes, []).append(piece)
        for passes, pieces in left.items():
            self.path[name] = of.words(pieces)
            self.go(column + 1, passes)
        del self.path[name]


def _clashes(policy: Policy, pieces: list[Pieces], dead: set[int]) -> list[Clash]:
    if policy.hit is Hit.COLLECT:  # the strictest row holds wherever it stands
        return []
    boxes = [
        [
            sum((passes >> row & 1) << piece for piece, passes in enumerate(of.passes))
            for of in pieces
        ]
        for row in range(len(policy.rows))
    ]
    found: list[Clash] = []
    for lower, strict in enumerate(policy.rows):
        for upper, lax in enumerate(policy.rows[:lower]):
            if strict.number in dead or not _lets_more(lax.outcome, strict.outcome):
                continue
            pairs = list(zip(boxes[upper], boxes[lower], strict=True))
            meet = all(above & below for above, below in pairs)
            # An exception that stands above its rule is what is meant.
            within = all(above & below == above for above, below in pairs)
            if meet and not within:
                found.append(Clash(lax.number, strict.number))
    return found


def _lets_more(one: Outcome, two: Outcome) -> bool:
    """Say whether an outcome lets through more than another."""
    if one.decision is not two.decision:
        return one.decision < two.decision
    amounts = [NO_LIMIT if each.most_minor is None else each.most_minor for each in (one, two)]
    return one.decision is Decision.APPROVE and amounts[0] > amounts[1]
