"""A first recipe from the columns of a file; each guess has its reason, to be corrected by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from karez.doors.files.score_errors import LoansNoneError
from karez.doors.files.score_recipe import DEFAULTED, PAID
from karez.doors.files.score_tables import day_of, number_of
from karez.doors.files.trade.sheets import open_table
from karez.engines.score.portrait import find_feature
from karez.engines.score.portrait.errors import FeatureUnknownError
from karez.kernel.errors import KarezError

BLOCKS_READ = 3
FACTOR_MOST = 20
_OUTCOMES = ("default", "outcome", "status", "bad", "failed", "charged", "paid")
_IDS = ("id", "loan", "number", "key")


def draft_recipe(path: Path) -> str:
    """Return a recipe in TOML for the columns of a file, guessed from its first rows.

    Raises:
        LoansNoneError: there are no rows.

    Else raises as ``open_table`` does.
    """
    with open_table(path, "utf-8") as file:
        blocks = list(islice(file.blocks, BLOCKS_READ))
        header = file.header
    rows = [row for block in blocks for row in block.rows if len(row) == len(header)]
    if not rows:
        raise LoansNoneError(file=path)
    columns = {name: [row[place].strip() for row in rows] for place, name in enumerate(header)}
    loans, features = ["[loans]"], list[str]()
    for name, texts in columns.items():
        known = [text for text in texts if text]
        different = set(known)
        if len(different) == len(texts) and any(part in name.lower() for part in _IDS):
            loans.append(f"id = {_quoted(name)}  # different in every row")
        elif _is_outcome(name, different):
            loans.append(_outcome(name, different))
        elif known and all(_reads(day_of, text) for text in islice(known, 100)):
            features.append(
                f"# {_quoted(name)} holds days: is it decided_on or defaulted_on of [loans]?"
            )
        elif len(different) < 2:
            features.append(f"# {_quoted(name)} is the same in all rows, and says nothing.")
        else:
            features.append(_feature(name, known, different))
    stakes = ["[stakes]", "margin = 0.20  # what a loan that pays brings", "loss_share = 0.60"]
    return "\n".join([*loans, "", *stakes, "", *features]) + "\n"


def _is_outcome(name: str, different: set[str]) -> bool:
    return len(different) == 2 and any(part in name.lower() for part in _OUTCOMES)


def _outcome(name: str, different: set[str]) -> str:
    line = f"outcome = {_quoted(name)}  # two values, and its name"
    if {text.lower() for text in different} <= {*DEFAULTED, *PAID}:
        return line
    first, second = sorted(different)
    return (
        f"{line}\ndefault = {_quoted(first)}  # or the other way round?\npaid = {_quoted(second)}"
    )


def _feature(name: str, known: list[str], different: set[str]) -> str:
    numeric = sum(_reads(number_of, text) for text in known) >= 0.95 * len(known)
    few = len(different) <= FACTOR_MOST
    if numeric and len(different) > 2:
        kind, why = "number", f"{len(different):,} different numbers"
    elif few:
        kind, why = "factor", f"{len(different):,} different values"
    elif len(known) >= 2 * len(different):
        kind, why = "segment", f"{len(different):,} places, kinds or partners, each several times"
    else:
        return f"# {_quoted(name)} has {len(different):,} values, nearly each its own: a name?"
    lines = ["[[features]]", f"name = {_quoted(name)}", f'kind = "{kind}"  # {why}']
    if kind == "number":
        lines += _declared(name) or ["# direction = 1  # 1: more is riskier, -1: more is safer"]
    return "\n".join(lines) + "\n"


def _declared(name: str) -> list[str]:
    """Return what is declared of a feature of portraits, nothing of another column."""
    try:
        feature = find_feature(name)
    except FeatureUnknownError:
        return []
    lines = [f"words = {_quoted(feature.words)}", f"unit = {_quoted(feature.unit)}"]
    if feature.direction is not None:
        lines.append(f"direction = {feature.direction}  # what experience expects")
    return lines


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except KarezError:
        return False
    return True


def _quoted(text: str) -> str:
    """Return a text as TOML writes it, which is as JSON does."""
    return json.dumps(text, ensure_ascii=False)
