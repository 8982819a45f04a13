"""Past applications to try a product on, from a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from karez.doors.files.price.firms import Reader, amount_of, share_of
from karez.doors.files.price.policies import column_kinds, read_columns
from karez.doors.files.refusals import Refusal
from karez.doors.files.rows import refuse_incomplete
from karez.doors.files.trade.sheets import open_table
from karez.engines.price.errors import PriceInputError
from karez.services.products import TermSheet
from karez.services.products.backtest import UNKNOWN, Past

_NEEDED = ("application", "amount")
_KNOWN = (*_NEEDED, "instalments", "pd", "lgd", "defaulted", "lost")
_OUTCOMES = {"1": 1, "yes": 1, "true": 1, "0": 0, "no": 0, "false": 0}


def read_applications(path: Path, sheets: Sequence[TermSheet]) -> tuple[Past, list[Refusal]]:
    """Return past applications with the columns that the eligibility of the sheets looks at.

    Each has an ``application`` and an ``amount``, and perhaps ``instalments``, ``pd``, ``lgd``,
    ``defaulted`` and ``lost``; the first sheet says what is usual where one is missing.

    Raises:
        HeaderIncompleteError: a column is missing.
        PolicyColumnError: one sheet takes a column for numbers, and another for labels.
    """
    sheet = sheets[0]
    policies = [policy for each in sheets if (policy := each.policy()) is not None]
    kinds = column_kinds(policies, {})
    with open_table(path, "utf-8") as table:
        refuse_incomplete(table.header, table.file, [*kinds], "what eligibility looks at")
        reader = Reader.of(table, _NEEDED, (*_KNOWN, *(name for name in kinds)))
    names = reader.unique("application")
    amount = amount_of(sheet.currency)
    columns = [
        reader.read("amount", amount, 0),
        reader.read("instalments", _count, 0, sheet.instalments.most),
        reader.read("pd", share_of("pd"), 0.0, float(sheet.provisioning.pd_pct / 100)),
        reader.read("lgd", share_of("lgd"), 0.0, sheet.lgd()),
        reader.read("defaulted", _outcome, UNKNOWN, UNKNOWN),
        reader.read("lost", amount, UNKNOWN, UNKNOWN),
    ]
    applications = read_columns(reader, kinds)
    sound = reader.sound()
    asked, instalments, pd, lgd, defaulted, lost = (np.array(column)[sound] for column in columns)
    past = Past(
        [names[row] for row in sound],
        applications,
        asked.astype(np.int64),
        instalments.astype(np.int64),
        pd.astype(np.float64),
        lgd.astype(np.float64),
        defaulted.astype(np.int64),
        lost.astype(np.int64),
    )
    return past, reader.refusals


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 5):
        raise PriceInputError(field="instalments", value=text, rule="it is a whole number")
    return int(text)


def _outcome(text: str) -> int:
    if text.lower() not in _OUTCOMES:
        rule = "it is 1 for a default, 0 for a loan that was paid, or empty"
        raise PriceInputError(field="defaulted", value=text, rule=rule)
    return _OUTCOMES[text.lower()]
