"""Growing trees and following them, compiled. ``places`` (rows x features) are numbers in order."""

# Numba has no types to give.
# pyright: basic

from __future__ import annotations

import numpy as np

from karez.engines.score.kernels import _compile
from karez.engines.score.table import Floats, Ints

DEPTH = 4  # questions of a tree, all of them asked of every loan
ROUNDING = 1e-9  # gains no further apart are alike: the first question of those is asked


@_compile
def grow(
    places: Ints, steep: Floats, curved: Floats, order: Ints, pull: float
) -> tuple[Ints, Ints, Ints]:
    """Return the questions of a tree (feature, place) and the last node of each row.

    Each question is the one that lessens the loss most, given those before it, all nodes taken
    together. A node in which the answer goes against ``order`` lends the question nothing.
    """
    rows, features = places.shape
    width = places.max() + 1
    asked, above = np.zeros(DEPTH, np.int32), np.full(DEPTH, width, np.int32)
    node = np.zeros(rows, np.int32)
    for question in range(DEPTH):
        nodes = 1 << question
        most = 0.0
        for feature in range(features):
            first, second = np.zeros((nodes, width)), np.zeros((nodes, width))
            for row in range(rows):
                first[node[row], places[row, feature]] += steep[row]
                second[node[row], places[row, feature]] += curved[row]
            gain = np.zeros(width)
            for here in range(nodes):
                g, h = first[here].sum(), second[here].sum()
                g_no, h_no = 0.0, 0.0
                for place in range(width - 1):
                    g_no += first[here, place]
                    h_no += second[here, place]
                    no, yes = g_no / (h_no + pull), (g - g_no) / (h - h_no + pull)
                    if (yes - no) * order[feature] >= 0:
                        gain[place] += g_no * no + (g - g_no) * yes - g * g / (h + pull)
            for place in range(width - 1):
                if gain[place] > most + ROUNDING:
                    most, asked[question], above[question] = gain[place], feature, place
        for row in range(rows):
            node[row] = 2 * node[row] + (places[row, asked[question]] > above[question])
    return asked, above, node


@_compile
def sums(places: Ints, asked: Ints, above: Ints, nodes: Floats) -> Floats:
    """Return groups x rows: what the trees of each group add up to."""
    groups, trees, depth = asked.shape
    out = np.zeros((groups, places.shape[0]))
    for row in range(places.shape[0]):
        for group in range(groups):
            for tree in range(trees):
                at = 0
                for question in range(depth):
                    beyond = (
                        places[row, asked[group, tree, question]] > above[group, tree, question]
                    )
                    at = 2 * at + 1 + beyond
                out[group, row] += nodes[group, tree, at]
    return out


@_compile
def shares(places: Ints, asked: Ints, above: Ints, nodes: Floats) -> Floats:
    """Return rows x features: how far the answers about each feature move the mean of the groups.

    From node to node along the path; over the features it adds up to the mean of ``sums``.
    """
    groups, trees, depth = asked.shape
    out = np.zeros(places.shape)
    for row in range(places.shape[0]):
        for group in range(groups):
            for tree in range(trees):
                at = 0
                for question in range(depth):
                    feature = asked[group, tree, question]
                    next_at = 2 * at + 1 + (places[row, feature] > above[group, tree, question])
                    step = nodes[group, tree, next_at] - nodes[group, tree, at]
                    out[row, feature] += step / groups
                    at = next_at
    return out
