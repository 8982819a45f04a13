"""What a day brings, as one batch of the money book: an entry for each loan and kind, no loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from karez.books.money.transfer import ASKED, Batch, Phase
from karez.engines.servicing.movements import MovementKind
from karez.kernel.errors import ensure
from karez.services.bookkeeping import ordered_ids
from karez.services.closing.policies import Task
from karez.services.closing.reading import Bools, Int64s, Records
from karez.services.products import Role

PROVISION = "provision"
_KINDS = (*(str(kind) for kind in MovementKind), PROVISION)
_PROVISION_NUMBER = 255
"""In the ids of provisions, which are of a part and not of a loan; no movement has this number."""
_OWN = {Role.INTEREST: "interest_account", Role.FEES: "fee_account"}


@attrs.frozen(eq=False)
class Provision:
    """By how much what is set aside for loans of one product in one stage has changed."""

    product_key: int
    stage: int
    change_minor: int


def day_batch(task: Task, loans: Records, moved: Mapping[MovementKind, Int64s]) -> Batch:
    """Return the batch of what a day moved on these loans, by kind; zeros are left out.

    A negative amount swaps the sides. Entries are in the order of their ids.

    Raises:
        AccountUnknownError: a product posts to an account that the chart does not have.
    """
    pieces: list[Records] = []
    for kind, amounts in moved.items():
        at = np.flatnonzero(amounts)
        if not len(at):
            continue
        rows = np.zeros(len(at), dtype=ASKED)
        debit, credit = _sides(task, loans[at], kind)
        turned = amounts[at] < 0
        rows["debit_account"] = np.where(turned, credit, debit)
        rows["credit_account"] = np.where(turned, debit, credit)
        rows["amount_minor"] = np.abs(amounts[at])
        rows["kind"] = number = _KINDS.index(kind)
        rows["entry_id"] = ordered_ids(
            day=task.number, subject=loans["loan_number"][at], kind=number
        )
        rows["group"] = at
        pieces.append(rows)
    rows = np.concatenate([np.zeros(0, ASKED), *pieces])
    rows = rows.take(np.argsort(rows["group"], kind="stable"))  # each kind was in order of loans
    return _batch(rows, task.number)


def provision_batch(task: Task, changes: Sequence[Provision]) -> Batch:
    """Return the batch of what is set aside more or less, an entry for each product and stage."""
    rows = np.zeros(len(changes), dtype=ASKED)
    for place, change in enumerate(changes):
        codes = task.policies.by_product[change.product_key].provision_sides(change.stage)
        debit, credit = codes if change.change_minor > 0 else reversed(codes)
        accounts = task.policies.numbers(task.connection, codes)
        rows[place]["debit_account"] = accounts[debit]
        rows[place]["credit_account"] = accounts[credit]
        rows[place]["amount_minor"] = abs(change.change_minor)
    rows["kind"] = _KINDS.index(PROVISION)
    places = np.arange(len(changes))
    rows["entry_id"] = ordered_ids(
        day=task.number, subject=task.part, kind=_PROVISION_NUMBER, ordinal=places
    )  # fmt: skip
    return _batch(rows, task.number)


def _batch(rows: Records, day: int) -> Batch:
    rows["group"] = np.arange(len(rows))
    rows["valid_on"] = day
    rows["phase"] = Phase.POSTED
    rows["target_line"] = -1
    return Batch(rows, _KINDS)


def _sides(task: Task, loans: Records, kind: MovementKind) -> tuple[Int64s, Int64s]:
    policies = task.policies
    debit, credit = np.zeros(len(loans), np.int64), np.zeros(len(loans), np.int64)
    for key in np.unique(loans["product_key"]).tolist():
        at: Bools = loans["product_key"] == key
        sides = policies.by_product[key].mapping.sides(kind)
        for side, accounts in zip(sides, (debit, credit), strict=True):
            if side in _OWN:
                accounts[at] = loans[_OWN[Role(side)]][at]
            else:
                ensure(side not in set(Role), f"{kind} moves an account of the chart or its own")
                accounts[at] = policies.numbers(task.connection, [side])[side]
    ensure((debit > 0).all() and (credit > 0).all(), "accounts are open before they are posted to")
    return debit, credit
