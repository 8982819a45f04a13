"""The search for effects: of the features, then of the pairs that show in what they leave."""

from __future__ import annotations

from collections.abc import Sequence

from karez.engines.score import design, pooling
from karez.engines.score.design import Column
from karez.engines.score.finish import Pooled
from karez.engines.score.pairs import Rows, look, screen
from karez.engines.score.recipe import Recipe
from karez.engines.score.table import Floats

ROUGHLY = 30.0  # how much less near to rest a search may end that only looks for pairs
CANDIDATES = 60
LEAST_EVIDENCE = 2.0  # levels' worth


def estimate(
    recipe: Recipe, made: list[Column], bad: Floats, weights: Floats
) -> tuple[Pooled, bool]:
    """Return what was pooled in the end, and whether the search came to rest."""
    cells = design.collapse(made, bad, weights)
    pairs, state = _pairs(recipe, made, cells, bad, weights)
    made = [*made, *pairs]
    places = design.parts(made, recipe)
    pooling.pool(design.cells(made, places, cells), places, state)
    converged = state.converged
    stay = [
        at
        for at, column in enumerate(made, 1)
        if column.kind != "pair"
        or recipe.pairs != "screened"
        or state.evidence[at] >= LEAST_EVIDENCE
    ]
    made, state = [made[at - 1] for at in stay], pooling.kept(state, places, [0, *stay])
    places = design.parts(made, recipe)
    data = design.cells(made, places, cells)
    pooling.settle(data, places, state)
    return Pooled(made, places, data, state), converged


def _pairs(
    recipe: Recipe,
    made: Sequence[Column],
    cells: design.Collapsed,
    bad: Floats,
    weights: Floats,
) -> tuple[list[Column], pooling.State]:
    """Return the pairs that the score will have, and where the search for it may begin.

    A pair is a candidate if it shows in the residuals of the features alone. All candidates are
    then pooled together, roughly, and those stay whose cells differ most.
    """
    places = design.parts(made, recipe)
    data = design.cells(made, places, cells)
    state = pooling.begin(data, places)
    levels = {column.name: column.in_pairs() for column in _numbers_last(made)}
    if recipe.pairs != "screened":
        rows = Rows(0 * bad, 0 * bad, weights)
        named = [tuple(name for name in levels if name in pair) for pair in recipe.pairs]
        pairs = [
            design.pair_column(look(levels, (pair[0], pair[1]), rows), made)
            for pair in named
            if len(pair) == 2
        ]
        return pairs, pooling.widened(state, design.parts([*made, *pairs], recipe))
    if len(made) < 2 or not recipe.most_pairs:
        return [], state
    pooling.pool(data, places, state, close=ROUGHLY)
    chance = pooling.chances(data, state)[0][cells.cell]
    rows = Rows(bad - chance, chance * (1 - chance), weights)
    found = screen(levels, rows, recipe.least_pair_z, CANDIDATES)
    pairs = [design.pair_column(pair, made) for pair in found]
    whole = design.parts([*made, *pairs], recipe)
    state = pooling.widened(state, whole)
    pooling.pool(design.cells([*made, *pairs], whole, cells), whole, state, close=ROUGHLY)
    first = len(places)
    order = sorted(range(first, len(whole)), key=lambda at: -state.variances[at])
    stay = [at for at in order if state.evidence[at] >= LEAST_EVIDENCE][: recipe.most_pairs]
    return [pairs[at - first] for at in stay], pooling.kept(state, whole, [*range(first), *stay])


def _numbers_last(made: Sequence[Column]) -> list[Column]:
    return sorted(made, key=lambda column: column.kind == "number")
