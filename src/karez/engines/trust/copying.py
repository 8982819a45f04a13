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
_FACTS_AT_ONCE = 4096


def copies(claims: Claims, *, accuracy_most: float, group: Ints | None = None) -> Ints:
    """Return for each source the one that it is taken to be the same as.

    Two sources that err on their own, each right in at most ``accuracy_most`` of the facts, agree
    in at most ``a*a + (1-a)*(1-a)`` of them. Who agrees more, beyond chance, is one; so are the
    members of a ``group`` (a number for each source). Two that are right nearly always look the
    same as copies: they lose a vote, and no truth is lost.
    """
    limit = accuracy_most**2 + (1 - accuracy_most) ** 2
    busy = np.flatnonzero(np.bincount(claims.source, minlength=claims.sources) >= _COMMON_LEAST)
    common, agree = _overlaps(claims, busy)
    lower = _wilson_lower(agree / np.maximum(common, 1), common)
    near = busy[np.argwhere(np.triu((common >= _COMMON_LEAST) & (lower > limit), 1))]
    graph = rx.PyGraph[int, None](multigraph=False)
    graph.add_nodes_from(range(claims.sources))
    graph.add_edges_from_no_data([(int(one), int(other)) for one, other in near])
    if group is not None:
        _, first, place = np.unique(group, return_index=True, return_inverse=True)
        graph.add_edges_from_no_data(
            list(zip(first[place].tolist(), range(claims.sources), strict=True))
        )
    found = np.arange(claims.sources, dtype=np.int64)
    for members in rx.connected_components(graph):
        found[list(members)] = min(members)
    return found


def _overlaps(claims: Claims, sources: Ints) -> tuple[Floats, Floats]:
    """Return for each pair of these sources of how many facts both speak, and agree."""
    place = np.full(claims.sources, -1, np.int64)
    place[sources] = np.arange(len(sources))
    order = np.argsort(claims.fact, kind="stable")
    order = order[place[claims.source[order]] >= 0]
    row, fact = place[claims.source[order]], claims.fact[order]
    value = np.where(claims.says[order], 1, -1).astype(np.float32)
    common = np.zeros((len(sources), len(sources)))
    balance = np.zeros_like(common)
    for begin in range(0, claims.facts, _FACTS_AT_ONCE):
        here = slice(*np.searchsorted(fact, (begin, begin + _FACTS_AT_ONCE)))
        said = np.zeros((len(sources), _FACTS_AT_ONCE), np.float32)
        said[row[here], fact[here] - begin] = value[here]
        known = np.abs(said)
        common += known @ known.T
        balance += said @ said.T
    return common, (common + balance) / 2


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
