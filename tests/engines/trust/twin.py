"""Slow twins of the checks: plain loops that are obviously right."""

from fractions import Fraction
from itertools import permutations

import numpy as np

from karez.engines.trust.evidence import Movement, Paper


def matched_minor(quantities, amounts, quantity_pct=2, price_pct=2):
    """Return what of an invoiced item is matched; both are lists by ``Paper``."""
    ordered, invoiced = quantities[Paper.ORDER], quantities[Paper.INVOICE]
    slack = ordered * quantity_pct // 100
    got = min(quantities[Paper.DESPATCH], quantities[Paper.RECEIPT])
    if got > ordered + slack:
        got = ordered
    if not got:
        return 0
    borne = invoiced if invoiced <= got + slack else got
    price = Fraction(amounts[Paper.INVOICE], invoiced)
    agreed = Fraction(amounts[Paper.ORDER], ordered)
    if price > agreed * (1 + Fraction(price_pct, 100)):
        price = agreed
    return int(price * borne)  # fractions of a minor unit are dropped


def rings(sales, *, parties_most, days, amount_pct):
    """Return every ring, by trying every order of every few sales."""
    found = set()
    rows = range(len(sales))
    for size in range(2, parties_most + 1):
        for order in permutations(rows, size):
            first = sales[order[0]]
            chained = all(
                sales[one][1] == sales[other][0]
                for one, other in zip(order, order[1:] + order[:1], strict=True)
            )
            sellers = {sales[row][0] for row in order}
            earliest = all((sales[row][2], row) > (first[2], order[0]) for row in order[1:])
            near = all(sales[row][2] - first[2] <= days for row in order)
            like = all(
                abs(sales[row][3] - first[3]) * 100 <= amount_pct * first[3] for row in order
            )
            if chained and len(sellers) == size and earliest and near and like:
                found.add(order)
    return found


def shares_covered(moves, holdings):
    """Return for each receipt the least share of it that lay in store while it lived.

    ``moves`` are (kind, quantity, day), ``holdings`` (quantity, from, until), each of one item in
    one store. Day by day, in five steps.
    """
    shares = [1.0] * len(holdings)
    booked, missing = 0, 0
    for day in range(max([m[2] for m in moves] + [h[2] for h in holdings], default=0) + 1):
        for step in ("in", "lapse", "issue", "out", "count"):
            happened = 0
            for kind, quantity, on in moves:
                if on == day and kind == {"in": 0, "out": 1, "count": 2}.get(step):
                    happened += 1
                    if kind == Movement.IN:
                        booked += quantity
                    elif kind == Movement.OUT:
                        booked -= quantity
                        cover(shares, holdings, day, step, booked + min(missing, 0))
                    else:
                        missing = quantity - booked
                        cover(shares, holdings, day, step, booked + min(missing, 0))
            if step in {"in", "lapse", "issue"}:
                cover(shares, holdings, day, step, booked + min(missing, 0))
    return shares


def cover(shares, holdings, day, step, there):
    rest = max(there, 0)
    alive = [
        number
        for number, (_, begins, ends) in enumerate(holdings)
        if (begins < day or (begins == day and step in {"issue", "out", "count"}))
        and (ends > day or (ends == day and step == "in"))
    ]
    for number in sorted(alive, key=lambda number: (holdings[number][1], number)):
        quantity = holdings[number][0]
        covered = min(rest, quantity)
        rest -= covered
        shares[number] = min(shares[number], covered / quantity)


def groups(parties, ties, most):
    """Return the first party of each party's group, by spreading until nothing changes."""
    found = list(range(parties))
    holders = {}
    for party, kind, value in ties:
        holders.setdefault((kind, value), set()).add(party)
    shared = [several for several in holders.values() if len(several) <= most]
    changed = True
    while changed:
        changed = False
        for several in shared:
            least = min(found[party] for party in several)
            for party in several:
                changed |= found[party] != least
                found[party] = least
    return found


def dawid_skene(said, rounds=100):
    """Return the probabilities of facts; ``said[source][fact]`` is True, False or None."""
    facts = len(said[0])
    votes = [[row[fact] for row in said if row[fact] is not None] for fact in range(facts)]
    truth = [sum(vote) / len(vote) if vote else 0.5 for vote in votes]
    for _ in range(rounds):
        share = (sum(truth) + 1) / (facts + 2)
        rates = []
        for row in said:
            known = [fact for fact in range(facts) if row[fact] is not None]
            true = sum(truth[fact] for fact in known)
            false = sum(1 - truth[fact] for fact in known)
            yes = sum(truth[fact] for fact in known if row[fact])
            no = sum(1 - truth[fact] for fact in known if not row[fact])
            rates.append(((yes + 0.5) / (true + 1), (no + 0.5) / (false + 1)))
        after = []
        for fact in range(facts):
            for_, against = share, 1 - share
            for row, (yes, no) in zip(said, rates, strict=True):
                if row[fact] is not None:
                    for_ *= yes if row[fact] else 1 - yes
                    against *= 1 - no if row[fact] else no
            after.append(for_ / (for_ + against))
        settled = np.abs(np.array(after) - truth).max() < 1e-6
        truth = after
        if settled:
            break
    return truth
