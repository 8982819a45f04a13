"""Sources that are one: whoever repeats another has no vote of their own.

Reliability that is learned from agreement alone crowns the ring: sources that repeat each other
agree the most. So they are found first, and collapsed to one.
"""

from __future__ import annotations

import numpy as np
import rustworkx as rx

from karez.engines.trust.evidence import Floats, Ints
from karez.engines.trust.truth import Claims

_Z = 3.0  # of the lower bound of an agreement: one pair in 700 of the most accurate is wronged
_COMMON_LEAST = 20


def copies(claims: Claims, *, accuracy_most: float, group: Ints | None = None) -> Ints:
    """Return for each source the one that it is taken to be the same as.

    Two sources that err on their own, each right in at most ``accuracy_most`` of the facts, agree
    in at most ``a*a + (1-a)*(1-a)`` of them. Who agrees more, beyond chance, is one; so are the
    members of a ``group`` (a number for each source). Two that are right nearly always look the
    same as copies: they lose a vote, and no truth is lost.
    """
    limit = accuracy_most**2 + (1 - accuracy_most) ** 2
    graph = rx.PyGraph[int, None](multigraph=False)
    graph.add_nodes_from(range(claims.sources))
    said = _matrix(claims)
    known = (said != 0).astype(np.float64)
    common = known @ known.T
    agree = (common + said @ said.T) / 2
    share = np.divide(agree, common, out=np.zeros_like(common), where=common > 0)
    lower = _wilson_lower(share, common)
    near = np.argwhere(np.triu((common >= _COMMON_LEAST) & (lower > limit), 1))
    graph.add_edges_from_no_data([(int(one), int(other)) for one, other in near])
    if group is not None:
        _, first = np.unique(group, return_index=True)
        leader = dict(zip(group[first].tolist(), first.tolist(), strict=True))
        graph.add_edges_from_no_data(
            [(leader[one], source) for source, one in enumerate(group.tolist())]
        )
    found = np.arange(claims.sources, dtype=np.int64)
    for members in rx.connected_components(graph):
        found[list(members)] = min(members)
    return found


def _matrix(claims: Claims) -> Floats:
    """Return what each source says of each fact: 1 for yes, -1 for no, 0 for nothing."""
    said = np.zeros((claims.sources, claims.facts))
    said[claims.source, claims.fact] = np.where(claims.says, 1.0, -1.0)
    return said


def _wilson_lower(
    share: Floats,
    count: Floats,
) -> Floats:
    """Return the lower bound of Wilson's interval for shares of so many."""
    n = np.maximum(count, 1)
    middle = share + _Z**2 / (2 * n)
    slack = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return (middle - slack) / (1 + _Z**2 / n)


def collapse(claims: Claims, same_as: Ints) -> Claims:
    """Return the claims of sources that stand for themselves.

    Of the claims that one makes of a fact under several names, the more frequent counts; none
    does if they balance.
    """
    keys = same_as[claims.source] * claims.facts + claims.fact
    unique, place = np.unique(keys, return_inverse=True)
    votes = np.bincount(place, np.where(claims.says, 1, -1), len(unique))
    kept = votes != 0
    return Claims(
        source=unique[kept] // claims.facts,
        fact=unique[kept] % claims.facts,
        says=votes[kept] > 0,
        sources=claims.sources,
        facts=claims.facts,
    )
