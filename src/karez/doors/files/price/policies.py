"""Decision tables from CSV, XLSX, Parquet or TOML, and the past applications to try them on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import attrs
import numpy as np

from karez.doors.files.case_errors import Fields
from karez.doors.files.errors import ChoiceUnknownError
from karez.doors.files.price.firms import Reader, amount_of, number_of, share_of
from karez.doors.files.price.terms import PlanTerms, read_toml, refuse_unknown
from karez.doors.files.refusals import Refusal
from karez.doors.files.rows import Block, Table, refuse_incomplete
from karez.doors.files.trade.sheets import open_table
from karez.engines.price.errors import PolicyBrokenError, PolicyColumnError
from karez.engines.price.policy import (
    Applications,
    Coded,
    Decision,
    Hit,
    Line,
    Outcome,
    Past,
    Policy,
    read_policy,
)
from karez.engines.price.policy.cells import Kind
from karez.engines.price.rate import Floats, collected_share
from karez.kernel.errors import KarezError
from karez.kernel.money import Currency

DECISION, MOST, REASON = "decision", "max_amount", "reason"
_DECISIONS = {each.name.lower(): each for each in Decision}


@attrs.frozen(eq=False)
class ReadPolicy:
    """A policy, and what could not be read of it: a policy with faults is not to be used."""

    policy: Policy
    faults: Sequence[KarezError]


def read_policy_file(path: Path, unit: Currency) -> ReadPolicy:
    """Return the policy of a file: conditions, then ``decision``, ``max_amount`` and ``reason``.

    A TOML file has ``columns`` and ``rows``, and ``hit`` may be ``collect``; in other files, whose
    first row names the columns, the first hit counts.

    Raises:
        FileUnreadableError: it is not what its name says.
        HeaderIncompleteError: there is no column ``decision``.
        PolicyColumnError: there is no condition or no row.
    """
    if path.suffix.lower() == ".toml":
        fields = read_toml(path)
        refuse_unknown(fields, ("columns", "rows", "hit"))
        hit = fields.choice("hit", {each.value: each for each in Hit}, Hit.FIRST)
        return _policy(path, _toml_table(path, fields), unit, hit)
    with open_table(path, "utf-8") as table:
        return _policy(path, table, unit, Hit.FIRST)


def _toml_table(path: Path, fields: Fields) -> Table:
    """Return the rows of a TOML file as a table; a row is called by its place."""
    columns, rows = fields.get("columns"), fields.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise fields.broken("rows", "columns and rows must be lists")
    header = [str(name) for name in cast("list[Any]", columns)]
    block = Block()
    for number, row in enumerate(cast("list[Any]", rows), 1):
        cells = [str(cell) for cell in cast("list[Any]", row)] if isinstance(row, list) else []
        if len(cells) != len(header):
            raise fields.broken("rows", f"row {number} needs {len(header)} cells")
        block.add(number, cells, "")
    return Table(str(path), "row", tuple(header), ",", iter([block]))


def _policy(path: Path, table: Table, unit: Currency, hit: Hit) -> ReadPolicy:
    reader = Reader.of(table, (DECISION,), (DECISION, MOST, REASON))
    conditions = [name for name in table.header if name not in {DECISION, MOST, REASON}]
    amount = amount_of(unit)
    decisions = reader.read(DECISION, _decision, Decision.REFER)
    reasons = reader.texts(REASON)
    no_limit = -1
    amounts = reader.read(MOST, amount, no_limit, no_limit)
    cells = [reader.texts(name) for name in conditions]
    lines = [
        Line(
            reader.rows.lines[row],
            tuple(column[row] for column in cells),
            Outcome(decisions[row], reasons[row], None if amounts[row] < 0 else amounts[row]),
        )
        for row in range(len(reader.rows))
    ]
    policy, errors = read_policy(path.name, conditions, lines, hit)
    faults: list[KarezError] = [
        PolicyBrokenError(table=path.name, row=refusal.line, column=refusal.field,
                          value=refusal.value, rule=refusal.error.message.rstrip("."))
        for refusal in reader.refusals
    ]  # fmt: skip
    return ReadPolicy(policy, [*faults, *errors])


def _decision(text: str) -> Decision:
    if text.lower() not in _DECISIONS:
        raise ChoiceUnknownError(value=text, choices=", ".join(_DECISIONS))
    return _DECISIONS[text.lower()]


@attrs.frozen(eq=False)
class ReadPast:
    """Past applications, their names, and the rows that were left out."""

    past: Past
    names: Sequence[str]
    pd: Floats
    lgd: Floats
    industry: Sequence[str]
    """Whose common factor moves each; empty where the table does not say."""
    refusals: Sequence[Refusal]


def read_past(
    path: Path, policies: Sequence[Policy], terms: PlanTerms, group: str | None
) -> ReadPast:
    """Return the past applications of a table, with the columns that the policies look at.

    Each has an ``application``, an ``amount``, a ``rate`` and a ``pd``, and an ``lgd`` where the
    terms have none. An ``industry`` is read if it is there.

    Raises:
        HeaderIncompleteError: a column is missing.
        PolicyColumnError: one policy takes a column for numbers, and another for labels.
    """
    kinds = column_kinds(policies, {} if group is None else {group: Kind.LABEL})
    needed = ["application", "amount", "rate", "pd", *(["lgd"] if terms.lgd is None else [])]
    with open_table(path, "utf-8") as table:
        looked_at = "the columns that the policies look at"
        refuse_incomplete(table.header, table.file, [*kinds], looked_at)
        reader = Reader.of(table, needed)
    names = reader.unique("application")
    amount = reader.read("amount", amount_of(terms.currency), 0)
    figures = [
        reader.read("rate", share_of("rate"), 0.0),
        reader.read("pd", share_of("pd"), 0.0),
        reader.read("lgd", share_of("lgd"), 0.0, terms.lgd),
    ]
    applications = read_columns(reader, kinds)
    sound = reader.sound()
    rate, pd, lgd = (np.array(column)[sound] for column in figures)
    loss = terms.balance_share * pd * lgd
    earned = collected_share(pd) * rate - terms.costs.running_rate(pd, lgd)
    asked = np.array(amount, np.int64)[sound]
    fixed = terms.costs.fixed_minor / np.maximum(asked, 1)
    profit = terms.balance_share * earned - fixed
    past = Past(applications, asked, loss, profit, group)
    industries = reader.texts("industry")
    return ReadPast(
        past, [names[row] for row in sound], pd, lgd, [industries[row] for row in sound],
        reader.refusals,
    )  # fmt: skip


def column_kinds(policies: Sequence[Policy], known: Mapping[str, Kind]) -> dict[str, Kind]:
    """Return what the columns that policies look at hold, with those that are known already.

    Raises:
        PolicyColumnError: one policy takes a column for numbers, and another for labels.
    """
    kinds = dict(known)
    for policy in policies:
        for name, kind in zip(policy.columns, policy.kinds, strict=True):
            if kinds.setdefault(name, kind) is not kind:
                rule = "is of numbers in one policy, and of labels in another"
                raise PolicyColumnError(table=policy.name, column=name, rule=rule)
    return kinds


def read_columns(reader: Reader, kinds: Mapping[str, Kind]) -> Applications:
    """Return these columns of the rows in which nothing is wrong; read all else of them before."""
    numbers = {
        name: reader.read(name, number_of(name), np.nan, np.nan)
        for name, kind in kinds.items()
        if kind is Kind.NUMBER
    }
    sound = reader.sound()
    return Applications(
        len(sound),
        {name: np.array(column)[sound] for name, column in numbers.items()},
        {
            name: _coded([reader.texts(name)[row] for row in sound])
            for name, kind in kinds.items()
            if kind is Kind.LABEL
        },
    )


def _coded(texts: Sequence[str]) -> Coded:
    names = tuple(sorted(set(texts) - {""}))
    places = {name: place for place, name in enumerate(names)} | {"": -1}
    return Coded(np.array([places[text] for text in texts], np.int32), names)
