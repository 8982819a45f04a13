"""A fitted score: blocks of effects that add up, and what is known of how sure they are."""

from __future__ import annotations

from typing import Literal

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.recipe import Recipe
from karez.engines.score.table import Floats

DRAW_STEPS = 32  # whole steps of a draw in one standard deviation
SURE = 2.5  # standard errors: the number of trees is the luckiest of many, so two are not enough

Cells = npt.NDArray[np.int32]
Draws = npt.NDArray[np.int8]


@attrs.frozen(eq=False)
class Block:
    """What one feature, or a pair of features, adds to the log-odds of default.

    There are ``len(effect)`` levels, and the last of them stands for what was never seen: for a
    number that is a missing one. A number's level k is what lies from ``edges[k - 1]`` up to, and
    not at, ``edges[k]``. ``labels`` name the levels of a factor or segment, but the last.
    ``coarse`` says for each level of a number in which group of bins it goes into pairs. ``cells``
    are the pairs of levels (of groups, for a number), in order, that a pair of features has seen.

    ``effect`` is 0 for the average loan of the training data. ``sd`` is its standard deviation.
    ``draws`` (levels x draws) are joint draws of the effects around ``effect``, in steps of
    ``sd / DRAW_STEPS``; draw m of every block belongs together, so that the spread of a sum is
    the spread of the sums. ``good`` and ``bad`` are weights of loans. ``spread`` is the estimated
    standard deviation of effects between levels (for a number: of steps between neighbouring bins).
    """

    features: tuple[str, ...]
    kind: Literal["number", "factor", "segment", "pair"]
    effect: Floats
    sd: Floats
    draws: Draws
    good: Floats
    bad: Floats
    spread: float
    edges: Floats = attrs.field(factory=lambda: np.empty(0))
    labels: tuple[str | None, ...] = ()
    coarse: Cells = attrs.field(factory=lambda: np.empty(0, np.int32))
    cells: Cells = attrs.field(factory=lambda: np.empty((0, 2), np.int32))

    @property
    def name(self) -> str:
        """The feature, or ``first x second``."""
        return " x ".join(self.features)

    def in_pairs(self, levels: Cells) -> Cells:
        """Return what these levels are called in pairs."""
        return self.coarse[levels] if len(self.coarse) else levels

    @property
    def unseen(self) -> int:
        """The level of what was never seen."""
        return len(self.effect) - 1


@attrs.frozen
class Dropped:
    """A feature or pair that the fit left out, and why."""

    name: str
    reason: str


@attrs.frozen
class Notes:
    """What the fit saw. Weights count as loans where no weights were given."""

    rows: int
    rows_weighted: float
    events_weighted: float
    rounds: int
    converged: bool
    fallbacks: tuple[str, ...] = ()


@attrs.frozen(eq=False)
class Trees:
    """What loans bring by how several features come together, beyond effects of one and of pairs.

    Each tree asks the same ``DEPTH`` questions of every loan: is its place in the feature
    ``features[asked]`` beyond ``above``? ``order`` gives the place of each level of a feature's
    block. The answers lead from node 0 to one of the last nodes, by 2 node + 1 for no and + 2 for
    yes; ``nodes`` holds the mean of each node in log-odds, 0 at the first.

    ``asked`` and ``above`` are groups x trees x questions, ``nodes`` groups x trees x nodes. The
    trees of a group add up; each group was grown without another part of the loans, and the score
    takes the mean over the groups. ``least`` and ``most`` are what they add to the log-odds of
    the loans of the fit, ``spread`` its standard deviation; the mean is 0.
    """

    features: tuple[str, ...]
    order: tuple[Cells, ...]
    asked: Cells
    above: Cells
    nodes: Floats
    least: float
    most: float
    spread: float


@attrs.frozen
class Proof:
    """What trees were worth on loans that neither they nor the effects had seen.

    ``gain`` is how much less the log-loss was, ``error`` its standard error. ``refused`` says why
    trees were not even tried, or nothing.
    """

    gain: float = 0.0
    error: float = 0.0
    refused: str = ""

    @property
    def holds(self) -> bool:
        """Whether trees are part of the score."""
        return not self.refused and self.gain > SURE * self.error

    @property
    def words(self) -> str:
        """What a reader of the card needs to know."""
        if self.refused:
            return f"trees were asked for and not tried: {self.refused}"
        done = "trees were added" if self.holds else "trees were tried and left out"
        return (
            f"{done}: on loans kept apart log-loss moved by {-self.gain:+.4f}, with a standard"
            f" error of {self.error:.4f}"
        )


@attrs.frozen(eq=False)
class Model:
    """A score: log-odds = ``intercept`` + one effect of each block + what ``trees`` add.

    ``proof`` says what trees were worth where the recipe asked for them.
    """

    recipe: Recipe
    blocks: tuple[Block, ...]
    intercept: float
    intercept_sd: float
    intercept_draws: Draws
    notes: Notes
    dropped: tuple[Dropped, ...] = ()
    trees: Trees | None = None
    proof: Proof | None = None

    def block(self, name: str) -> Block:
        """Return the block of this name, which is there."""
        return next(block for block in self.blocks if block.name == name)
