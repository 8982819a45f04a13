"""Trade in a ring: goods that come back to who sold them first, for about the same money.

Rings make turnover out of nothing. The search looks within strongly connected parts of the graph of
who sells to whom, and there for closed walks of few parties, in few days, of like amounts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator

import attrs
import numpy as np
import rustworkx as rx

from karez.engines.trust.checks import RING
from karez.engines.trust.evidence import Evidence, Ints, Kind, Paper
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Verdict


@attrs.frozen
class Sales:
    """Sales by column: who sold to whom, on which day, for how much, and which goods (a code)."""

    seller: Ints
    buyer: Ints
    on: Ints
    amount_minor: Ints


@attrs.frozen
class Rings:
    """Each ring as rows of sales, the earliest first; ``complete`` unless the search was cut."""

    rows: list[tuple[int, ...]]
    complete: bool


def rings(sales: Sales, rules: Rules) -> Rings:
    """Return the closed walks of 2 to ``ring_parties_most`` different parties.

    All sales of a ring lie within ``ring_days`` of its earliest, and within ``ring_amount_pct`` of
    that one's amount. Each ring is found once, from its earliest sale (by day, then by row).
    """
    search = _Search.of(sales, _looping(sales), rules)
    found: list[tuple[int, ...]] = []
    for row in search.starts:
        found += search.closing(row)
        if search.steps > rules.ring_steps_most:
            return Rings(found, complete=False)
    return Rings(found, complete=True)


def _looping(sales: Sales) -> Ints:
    """Return the sales within strongly connected parts: no other can be of a ring."""
    parties = int(max(sales.seller.max(initial=-1), sales.buyer.max(initial=-1))) + 1
    graph = rx.PyDiGraph[int, None](multigraph=False)
    graph.add_nodes_from(range(parties))
    graph.add_edges_from_no_data(
        list(zip(sales.seller.tolist(), sales.buyer.tolist(), strict=True))
    )
    part = np.zeros(parties, np.int64)
    for number, members in enumerate(rx.strongly_connected_components(graph)):
        part[list(members)] = number
    return np.flatnonzero((part[sales.seller] == part[sales.buyer]) & (sales.seller != sales.buyer))


@attrs.define
class _Search:
    """A walk from sale to sale. ``steps`` counts the sales looked at."""

    rules: Rules
    starts: list[int]
    seller: list[int]
    buyer: list[int]
    rank: list[int]  # of a sale, by day and row
    day: list[int]
    amount: list[int]
    out: dict[int, list[int]]  # rows of each seller by rank
    out_day: dict[int, list[int]]
    steps: int = 0

    @classmethod
    def of(cls, sales: Sales, rows: Ints, rules: Rules) -> _Search:
        order = rows[np.lexsort((rows, sales.on[rows]))].tolist()
        rank = [0] * len(sales.on)
        out: defaultdict[int, list[int]] = defaultdict(list)
        out_day: defaultdict[int, list[int]] = defaultdict(list)
        for place, row in enumerate(order):
            rank[row] = place
            out[int(sales.seller[row])].append(row)
            out_day[int(sales.seller[row])].append(int(sales.on[row]))
        columns = (sales.seller.tolist(), sales.buyer.tolist(), rank, sales.on.tolist())
        return cls(rules, order, *columns, sales.amount_minor.tolist(), out, out_day)

    def closing(self, start: int) -> Iterator[tuple[int, ...]]:
        """Return the rings whose earliest sale is this one."""
        slack = self.rules.ring_amount_pct / 100 * self.amount[start]
        least, most = self.amount[start] - slack, self.amount[start] + slack
        home = self.seller[start]
        walks: list[tuple[int, ...]] = [(start,)]
        while walks:
            walk = walks.pop()
            at = self.buyer[walk[-1]]
            for row in self._after(start, at):
                self.steps += 1
                if not least <= self.amount[row] <= most:
                    continue
                onward = self.buyer[row]
                if onward == home:
                    yield (*walk, row)
                elif len(walk) + 1 < self.rules.ring_parties_most and onward not in {
                    self.buyer[one] for one in walk
                }:
                    walks.append((*walk, row))

    def _after(self, start: int, seller: int) -> list[int]:
        """Return a seller's sales that come after a sale, and not too long after it."""
        if seller not in self.out:
            return []
        days = self.out_day[seller]
        begin = bisect_left(days, self.day[start])
        end = bisect_right(days, self.day[start] + self.rules.ring_days)
        rows = self.out[seller][begin:end]
        return [row for row in rows if self.rank[row] > self.rank[start]]


def ring(evidence: Evidence, rules: Rules) -> Answer:
    """Doubt the sales of a ring: hold them if the same goods go round, else have them looked at."""
    advances = evidence.advances
    goods = evidence.of_kind(Kind.GOODS)
    answer = Answer.over(RING, goods)
    rows = np.flatnonzero(goods)
    found = rings(
        Sales(*(advances[name][rows].astype(np.int64) for name in
                ("party", "buyer", "on", "amount_minor"))),
        rules,
    )  # fmt: skip
    items = _items(evidence)
    if not found.complete:
        answer.verdict[goods] = Verdict.SILENT  # who is in no ring that was found may be in another
    for places in found.rows:
        members = [int(rows[place]) for place in places]
        kinds = [items.get(member, frozenset()) for member in members]
        same = bool(kinds[0].intersection(*kinds[1:]))
        names = [evidence.name("parties", int(advances["party"][member])) for member in members]
        known_on = int(advances["on"][members].max())
        went = "the same goods go round" if same else "like amounts go round"
        for member in members:
            answer.doubt(
                member,
                Verdict.HOLD if same else Verdict.REVIEW,
                0.1 if same else 0.6,
                known_on=known_on,
                words=f"{went}: {' > '.join([*names, names[0]])}",
                cites=[("advances", other) for other in members if other != member],
            )
    return answer


def _items(evidence: Evidence) -> dict[int, frozenset[int]]:
    """Return which items the invoice of each advance has."""
    invoiced = evidence.documents["kind"][evidence.lines["document"]] == Paper.INVOICE
    lines = evidence.lines[invoiced]
    owners = evidence.documents["advance"][lines["document"]]
    found: defaultdict[int, set[int]] = defaultdict(set)
    for owner, item in zip(owners.tolist(), lines["item"].tolist(), strict=True):
        found[owner].add(item)
    return {owner: frozenset(several) for owner, several in found.items()}
