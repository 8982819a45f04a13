"""Goods in store: is there as much as the warehouse receipts say, at every moment?"""

from __future__ import annotations

import attrs
import numpy as np

from karez.engines.trust.checks import STOCK as STOCK_CHECK
from karez.engines.trust.evidence import FOREVER, Bools, Evidence, Ints, Kind, Movement, day_text
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Record, Verdict

# What a day is counted in: goods come in, receipts lapse, receipts are issued, goods go out, and
# then somebody counts. So nothing honest is called short for the order of one day.
_IN, _LAPSE, _ISSUE, _OUT, _COUNT = range(5)
_RANK = {Movement.IN: _IN, Movement.OUT: _OUT, Movement.COUNT: _COUNT}


@attrs.frozen
class Walk:
    """What lay and what was pledged of one item in one store after each event, in order.

    ``certain_milli`` is the lesser of what the movements add up to and what the last count and the
    movements since then do. ``row`` is that of the stock table, or of the holdings.
    """

    on: Ints
    kind: Ints
    row: Ints
    booked_milli: Ints
    certain_milli: Ints
    pledged_milli: Ints


def walk(evidence: Evidence, store: int, item: int) -> Walk:
    """Walk through the events of one item in one store."""
    moves = np.flatnonzero((evidence.stock["store"] == store) & (evidence.stock["item"] == item))
    held = np.flatnonzero(
        (evidence.holdings["store"] == store) & (evidence.holdings["item"] == item)
    )
    ranks = np.array([_RANK[Movement(kind)] for kind in evidence.stock["kind"][moves].tolist()])
    lapsed = held[evidence.holdings["until"][held] != FOREVER]
    on = np.concatenate(
        [evidence.stock["on"][moves], evidence.holdings["on"][held],
         evidence.holdings["until"][lapsed]]
    ).astype(np.int64)  # fmt: skip
    kind = np.concatenate([ranks, np.full(len(held), _ISSUE), np.full(len(lapsed), _LAPSE)])
    row = np.concatenate([moves, held, lapsed])
    quantity = np.concatenate(
        [evidence.stock["quantity_milli"][moves], evidence.holdings["quantity_milli"][held],
         evidence.holdings["quantity_milli"][lapsed]]
    )  # fmt: skip
    order = np.lexsort((row, kind, on))
    on, row, quantity = on[order], row[order], quantity[order]
    kind = kind[order].astype(np.int64)
    booked = np.cumsum(np.where(kind == _IN, quantity, np.where(kind == _OUT, -quantity, 0)))
    pledged = np.cumsum(np.where(kind == _ISSUE, quantity, np.where(kind == _LAPSE, -quantity, 0)))
    counted = np.flatnonzero(kind == _COUNT)
    last = np.searchsorted(counted, np.arange(len(kind)), "right") - 1
    missing = np.where(last >= 0, (quantity - booked)[counted[last]] if len(counted) else 0, 0)
    return Walk(on, kind, row, booked, booked + np.minimum(missing, 0), pledged)


def stock(evidence: Evidence, _rules: Rules) -> Answer:
    """Score each warehouse receipt by the share of it that lies in store for as long as it lives.

    Receipts are covered in the order of their issue. Movements that lead below nothing, or above
    what the store holds, are proof of a false one; what rests on it is doubted.
    """
    answer = Answer.over(STOCK_CHECK, evidence.of_kind(Kind.STORED))
    if not len(evidence.holdings):
        return answer
    full = _over_capacity(evidence)
    pairs = np.unique(evidence.holdings[["store", "item"]])
    for store, item in pairs.tolist():
        seen = walk(evidence, store, item)
        _cover(answer, evidence, seen)
        _below_nothing(answer, evidence, seen)
    for store, day in full.items():
        held = evidence.holdings[evidence.holdings["store"] == store]
        moved = np.flatnonzero((evidence.stock["store"] == store) & (evidence.stock["on"] <= day))
        cites: list[Record] = [("stores", store), *(("stock", row) for row in moved.tolist())]
        for row in held[(held["on"] <= day) & (held["until"] >= day)]:
            answer.doubt(
                int(row["advance"]),
                Verdict.HOLD,
                0.2,
                known_on=day,
                words=f"{evidence.name('stores', store)} is said to hold more than it can on"
                f" {day_text(day)}",
                cites=cites,
            )
    return answer


def _cover(answer: Answer, evidence: Evidence, seen: Walk) -> None:
    """Lower the score of receipts that what lies in store does not cover."""
    holdings = evidence.holdings
    for short in np.flatnonzero(seen.pledged_milli > np.maximum(seen.certain_milli, 0)).tolist():
        live = _live(evidence, seen, short)
        rest = max(int(seen.certain_milli[short]), 0)
        for row in live:
            quantity = int(holdings["quantity_milli"][row])
            covered = min(rest, quantity)
            rest -= covered
            advance, share = int(holdings["advance"][row]), covered / quantity
            if covered < quantity and share < answer.score[advance]:
                day = int(seen.on[short])
                words = (
                    f"on {day_text(day)} {evidence.name('stores', int(holdings['store'][row]))}"
                    f" had {seen.certain_milli[short] / 1000:g} for receipts over"
                    f" {seen.pledged_milli[short] / 1000:g}"
                )
                cites: list[Record] = [("holdings", other) for other in live if other != row]
                cites += _moves(seen, short)
                answer.doubt(
                    advance,
                    Verdict.HOLD,
                    share,
                    known_on=day,
                    words=words,
                    cites=cites,
                    honest=0.05,
                )


def _moves(seen: Walk, at: int) -> list[Record]:
    """Return the movements and counts up to an event."""
    counted = np.isin(seen.kind[: at + 1], (_IN, _OUT, _COUNT))
    return [("stock", row) for row in seen.row[: at + 1][counted].tolist()]


def _live(evidence: Evidence, seen: Walk, at: int) -> list[int]:
    """Return the holdings that live after an event, in the order of their issue."""
    issued = seen.row[: at + 1][seen.kind[: at + 1] == _ISSUE].tolist()
    lapsed = set(seen.row[: at + 1][seen.kind[: at + 1] == _LAPSE].tolist())
    return [row for row in issued if row not in lapsed and evidence.holdings["quantity_milli"][row]]


def _below_nothing(answer: Answer, evidence: Evidence, seen: Walk) -> None:
    """Doubt every receipt that lived when the movements led below nothing."""
    below = np.flatnonzero(seen.booked_milli < 0)
    for at in below[:1].tolist():
        cites = _moves(seen, at)
        for row in _live(evidence, seen, at):
            answer.doubt(
                int(evidence.holdings["advance"][row]),
                Verdict.HOLD,
                0.1,
                known_on=int(seen.on[at]),
                words=f"more went out than was there on {day_text(int(seen.on[at]))}",
                cites=cites,
            )


def _over_capacity(evidence: Evidence) -> dict[int, int]:
    """Return the stores that were said to hold more than they can, and the first day of it."""
    moves = evidence.stock[evidence.stock["kind"] != Movement.COUNT]
    order = np.lexsort((moves["kind"], moves["on"], moves["store"]))
    moves = moves[order]
    signed = np.where(moves["kind"] == Movement.IN, 1, -1) * moves["quantity_milli"]
    found: dict[int, int] = {}
    for store in np.unique(moves["store"]).tolist():
        here: Bools = moves["store"] == store
        over = np.cumsum(signed[here]) > evidence.stores["capacity_milli"][store]
        if over.any():
            found[store] = int(moves["on"][here][np.argmax(over)])
    return found
