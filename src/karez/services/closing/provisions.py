"""Stages of many loans on a day, and what is set aside for them (IFRS 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import attrs
import numpy as np

from karez.books.money.columns import unpack_columns
from karez.engines.cashflow.bulk import Schedules
from karez.engines.risk.book import Floats
from karez.engines.risk.ecl import NEVER, Receivables, Why, provisions, stages
from karez.kernel.errors import ensure
from karez.services.closing.policies import Task
from karez.services.closing.postings import Provision
from karez.services.closing.queries import QUERIES
from karez.services.closing.reading import Bools, Int64s, Outlooks, Records
from karez.services.lending.rows import copy_records
from karez.services.lending.standing import STATUSES, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

DONE_WITH = 0
"""The stage of a loan on which nothing is owed any more."""
EPOCH_1970 = 10_957
"""Days from 1970-01-01, from which engines.risk counts, to 2000-01-01."""

_OWED = [STATUSES.index(status) for status in (Status.ACTIVE, Status.CHARGED_OFF)]
_PENDING = STATUSES.index(Status.PENDING)
_CHARGED_OFF = STATUSES.index(Status.CHARGED_OFF)

# The columns of closing.allowance in order.
ALLOWANCE: np.dtype[np.void] = np.dtype(
    [
        ("institution_id", "i4"),
        ("loan_number", "i8"),
        ("valid_on", "i4"),
        ("stage", "i2"),
        ("why", "i2"),
        ("pd", "f8"),
        ("lgd", "f8"),
        ("exposure_minor", "i8"),
        ("allowance_minor", "i8"),
    ]
)
_EASING = np.dtype([("loan_number", "i8"), ("valid_on", "i4"), ("in_default", "?")])
_SET_ASIDE = np.dtype([("loan_number", "i8"), ("stage", "i2"), ("allowance_minor", "i8")])
_SCORE = np.dtype([("loan_number", "i8"), ("pd", "f8")])
_RATE = np.dtype([("loan_number", "i8"), ("rate_pct_year", "f8")])


@attrs.frozen(eq=False)
class Staged:
    """The stage of each loan at the end of a day; why; and the columns that said so."""

    stage: Int64s
    why: Int64s
    pd: Floats
    receivables: Receivables

    def of(self, wanted: Bools) -> Staged:
        """Return those of some of the loans."""
        return Staged(
            self.stage[wanted], self.why[wanted], self.pd[wanted], some(self.receivables, wanted)
        )


def is_owed(loans: Records) -> Bools:
    """Return on which of these loans something is owed."""
    return np.isin(loans["status"], _OWED)


def stage_loans(task: Task, loans: Records) -> Staged:
    """Return the stages of the loans of a part at the end of a day.

    Days past due, forbearance and a default probability that has risen since the booking decide,
    by the rules of each loan's product; a charge-off is a default. The probability is the newest on
    the day: that of the booking until a loan is scored again.
    """
    is_late = loans["oldest_due"] >= 0
    late = np.where(is_late, task.number - loans["oldest_due"], 0).astype(np.int64)
    eased, in_default = _eased(task, loans)
    stage = np.full(len(loans), DONE_WITH, np.int64)
    why = np.full(len(loans), int(Why.SOUND), np.int64)
    stage[loans["status"] == _PENDING] = 1
    pd = _newest(task, loans)
    columns = Receivables(
        ids=cast("Sequence[str]", loans["loan_number"]),  # they only name a loan that is wrong
        pd=np.minimum(pd, np.nextafter(1.0, 0.0)),
        pd_at_start=np.minimum(loans["pd"], np.nextafter(1.0, 0.0)),
        lgd=loans["lgd"],
        rate_pct_year=np.zeros(len(loans)),
        overdue_minor=np.zeros(len(loans), np.int64),
        days_past_due=late,
        forborne_days=eased,
        forborne_in_default=in_default,
        watched=np.zeros(len(loans), np.bool_),
    )
    owed = is_owed(loans)
    for key in np.unique(loans["product_key"][owed]).tolist():
        at = owed & (loans["product_key"] == key)
        rules = task.policies.by_product[key].rules
        lost = at & (loans["status"] == _CHARGED_OFF)
        late[lost] = np.maximum(late[lost], rules.default_days)
        stage[at], why[at] = stages(some(columns, at), rules)
    return Staged(stage, why, pd, columns)


def some(columns: Receivables, wanted: Bools) -> Receivables:
    """Return some of the loans."""
    return Receivables(
        *(getattr(columns, field.name)[wanted] for field in attrs.fields(Receivables))
    )


def provide(task: Task, loans: Records, staged: Staged, outlooks: Outlooks) -> list[Provision]:
    """Set aside what these loans are expected to lose; return by how much the sums have changed.

    ``outlooks`` are those of the same loans. What was set aside before is released.
    """
    connection = task.connection
    institution_id = connection.execute(QUERIES["institution"].text).fetchone()
    ensure(institution_id, "a transaction is of an institution")
    assert institution_id is not None  # noqa: S101 - for the type checker
    fresh = np.zeros(len(loans), ALLOWANCE)
    fresh["institution_id"] = institution_id[0]
    for name in ("loan_number", "lgd"):
        fresh[name] = loans[name]
    fresh["pd"] = staged.pd
    fresh["valid_on"], fresh["stage"], fresh["why"] = task.number, staged.stage, staged.why
    if is_owed(loans).any():
        _expect(task, loans, staged, outlooks, fresh)
    before = _set_aside(connection, loans["loan_number"])
    copy_records(connection, "closing.allowance", fresh)
    changes: list[Provision] = []
    for key in np.unique(loans["product_key"]).tolist():
        own = loans["product_key"] == key
        for stage in (1, 2, 3):
            now = fresh["allowance_minor"][own & (fresh["stage"] == stage)].sum()
            then = before["allowance_minor"][own & (before["stage"] == stage)].sum()
            if now != then:
                changes.append(Provision(key, stage, int(now - then)))
    return changes


def _expect(task: Task, loans: Records, staged: Staged, outlooks: Outlooks, fresh: Records) -> None:
    """Fill in what is owed and what is expected to be lost, product by product."""
    owed, number = is_owed(loans), task.number
    rate = np.zeros(len(loans))
    rate[owed] = _rates(task.connection, loans["loan_number"][owed])
    due = outlooks.rows["due_day"] >= 0
    past = due & (outlooks.rows["due_day"] <= number)
    open_now = sum(
        outlooks.rows[f"{bucket}_open_minor"]
        for bucket in ("principal", "interest", "fee", "penalty")
    )
    overdue = outlooks.sums(np.where(past, open_now, 0))
    columns = attrs.evolve(staged.receivables, rate_pct_year=rate, overdue_minor=overdue)
    for key in np.unique(loans["product_key"][owed]).tolist():
        at = owed & (loans["product_key"] == key)
        policy = task.policies.by_product[key]
        found = provisions(
            some(columns, at), _schedules(outlooks.of(at)), number + EPOCH_1970,
            paths=policy.paths, rules=policy.rules,
        )  # fmt: skip
        ensure(np.array_equal(found.stage, staged.stage[at]), "a loan is in one stage on a day")
        fresh["exposure_minor"][at] = found.exposure_minor
        fresh["allowance_minor"][at] = found.provision_minor


def _schedules(outlooks: Outlooks) -> Schedules:
    """Return the instalments that are open, as cash flows to come."""
    due = outlooks.rows["due_day"] >= 0
    rows = outlooks.rows[due]
    ends = np.concatenate([[0], np.cumsum(due)])[outlooks.offsets]
    return Schedules(
        offsets=ends,
        due=rows["due_day"] + np.int32(EPOCH_1970),
        principal_minor=np.ascontiguousarray(rows["principal_open_minor"]),
        interest_minor=np.ascontiguousarray(rows["interest_open_minor"]),
        refused=(),
    )


def _eased(task: Task, loans: Records) -> tuple[Int64s, Bools]:
    """Return how many days ago terms were eased, and whether the loan was in default then."""
    asked = {"part": task.part, "day": task.day}
    result = task.connection.execute(QUERIES["easings"].text, asked, binary=True).pgresult
    assert result is not None  # noqa: S101 - for the type checker
    found = unpack_columns(result, _EASING)
    days = np.full(len(loans), NEVER, np.int64)
    in_default = np.zeros(len(loans), np.bool_)
    here = np.isin(found["loan_number"], loans["loan_number"])
    at = np.searchsorted(loans["loan_number"], found["loan_number"][here])
    days[at] = task.number - found["valid_on"][here]
    in_default[at] = found["in_default"][here]
    return days, in_default


def _newest(task: Task, loans: Records) -> Floats:
    """Return the default probability of each loan: that of its last score, or of the booking."""
    asked = {"part": task.part}
    result = task.connection.execute(QUERIES["scores"].text, asked, binary=True).pgresult
    assert result is not None  # noqa: S101 - for the type checker
    found = unpack_columns(result, _SCORE)
    pd = loans["pd"].copy()
    here = np.isin(found["loan_number"], loans["loan_number"])
    pd[np.searchsorted(loans["loan_number"], found["loan_number"][here])] = found["pd"][here]
    return pd


def _set_aside(connection: psycopg.Connection, loans: Int64s) -> Records:
    """Return what is set aside for each of these loans so far."""
    asked = {"loans": loans.tolist()}
    result = connection.execute(QUERIES["set_aside"].text, asked, binary=True).pgresult
    assert result is not None  # noqa: S101 - for the type checker
    found = unpack_columns(result, _SET_ASIDE)
    before = np.zeros(len(loans), _SET_ASIDE)
    before[np.searchsorted(loans, found["loan_number"])] = found
    return before


def _rates(connection: psycopg.Connection, loans: Int64s) -> Floats:
    """Return the rates at which these loans were agreed, in percent a year."""
    asked = {"loans": loans.tolist()}
    result = connection.execute(QUERIES["rates"].text, asked, binary=True).pgresult
    assert result is not None  # noqa: S101 - for the type checker
    found = unpack_columns(result, _RATE)
    ensure(np.array_equal(found["loan_number"], loans), "every loan has a rate")
    return found["rate_pct_year"]
