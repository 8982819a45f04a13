"""What is wrong with a policy before it meets an application: dead rows, gaps, rows that clash.

The cases of a policy are walked column by column, piece by piece, with the set of rows that still
fit. What was walked before with the same rows is not walked again, so the walk stays short although
the cases are many.
"""

from __future__ import annotations

import attrs

from karez.engines.price.errors import PolicyTooLargeError
from karez.engines.price.policy.codes import Pieces, pieces_of
from karez.engines.price.policy.table import Hit, Policy

GAPS_SHOWN = 20
STEPS_MOST = 300_000


@attrs.frozen
class Clash:
    """Two rows that fit some of the same cases, and decide them differently.

    Neither is within the other. Where the first hit counts the upper row wins.
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
                self.gaps.append(dict(self.path))
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
        name = self.policy.columns[column]
        for passes, words in self._classes(column, fits).items():
            self.path[name] = words
            self.go(column + 1, passes)
        del self.path[name]

    def _classes(self, column: int, fits: int) -> dict[int, str]:
        """Return the sets of rows that pieces of a column leave, each with its pieces in words."""
        found: dict[int, list[str]] = {}
        of = self.pieces[column]
        for piece, passes in enumerate(of.passes):
            found.setdefault(fits & passes, []).append(of.word(piece))
        return {passes: " or ".join(words) for passes, words in found.items()}


def _clashes(policy: Policy, pieces: list[Pieces], dead: set[int]) -> list[Clash]:
    rows = range(len(policy.rows))
    boxes = [
        [
            sum((passes >> row & 1) << piece for piece, passes in enumerate(of.passes))
            for of in pieces
        ]
        for row in rows
    ]
    found: list[Clash] = []
    for lower in rows:
        for upper in range(lower):
            one, two = policy.rows[upper], policy.rows[lower]
            pairs = list(zip(boxes[upper], boxes[lower], strict=True))
            meet = all(above & below for above, below in pairs)
            within = all(above & below == above for above, below in pairs)
            if (
                meet
                and not within  # an exception that stands above its rule is what is meant
                and two.number not in dead
                and attrs.evolve(one.outcome, reason="") != attrs.evolve(two.outcome, reason="")
            ):
                found.append(Clash(one.number, two.number))
    return found
