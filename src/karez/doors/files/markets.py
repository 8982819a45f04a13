"""A folder of firms and their invoices: whose past is known, who asks, and what they are called."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import attrs

from karez.doors.files.errors import FileUnreadableError
from karez.doors.files.price.firms import Reader
from karez.doors.files.refusals import Refusal
from karez.doors.files.trade.sheets import open_table
from karez.engines.price.errors import PriceInputError

OTHER = "other"
_RATED, _UNRATED, CURVE = "firms_rated.csv", "firms_unrated.csv", "churn_by_rate.csv"


@attrs.frozen
class FirmFolder:
    """What a folder says of a market, by the firms' own ids, and which files hold invoices."""

    defaulted: Mapping[str, bool]
    asking: Sequence[str]
    names: Mapping[str, str]
    industry: Mapping[str, str]
    town: Mapping[str, str]
    invoices: Sequence[Path]
    mapping: str
    """The mapping of invoices that fits these files."""
    curve: Path
    refusals: Sequence[Refusal]
    """Rows that cannot be read."""


def read_firm_folder(folder: Path) -> FirmFolder:
    """Return what a folder says: ``firms_rated.csv``, ``firms_unrated.csv``, lists of invoices.

    The lists are called ``sales*`` and ``purchases*``, CSV or Parquet. Headers may be the plain
    English ones or those of the Chinese set of firms; ``markets.toml`` names both.

    Raises:
        FileUnreadableError: the folder lacks a file.
        HeaderIncompleteError: a table lacks a column.
    """
    words = tomllib.loads(
        (resources.files("karez.doors.files") / "markets.toml").read_text("utf-8")
    )
    lists = sorted(path for pattern in ("sales*", "purchases*") for path in folder.glob(pattern))
    for path in (
        folder / _RATED,
        folder / _UNRATED,
        folder / CURVE,
        *(lists or [folder / "sales"]),
    ):
        if not path.is_file():
            raise FileUnreadableError(file=path, format="a list of the folder", reason="missing")
    known = _Firms(words, folder / _RATED, outcome=True)
    asking = _Firms(words, folder / _UNRATED, outcome=False)
    return FirmFolder(
        defaulted=known.defaulted,
        asking=asking.ids,
        names=known.names | asking.names,
        industry=known.industry | asking.industry,
        town=known.town | asking.town,
        invoices=lists,
        mapping="firm-lists" if known.plain else "cn-vat-firms",
        curve=folder / CURVE,
        refusals=[*known.reader.refusals, *asking.reader.refusals],
    )


class _Firms:
    """One table of firms."""

    def __init__(self, words: Mapping[str, Any], path: Path, *, outcome: bool) -> None:
        self._words = words
        columns: Mapping[str, Sequence[str]] = words["columns"]
        with open_table(path, "utf-8") as table:
            self.column = {
                field: next((name for name in names if name in table.header), names[0])
                for field, names in columns.items()
            }
            self.plain = self.column["firm"] == columns["firm"][0]
            self.reader = Reader.of(table, [self.column["firm"], self.column["name"]])
        every = self.reader.unique(self.column["firm"])
        outcomes = self._outcomes() if outcome else []
        self._sound = self.reader.sound()
        self.ids = [every[row] for row in self._sound]
        self.defaulted = {every[row]: outcomes[row] for row in self._sound if outcome}
        texts = {field: self.reader.texts(name) for field, name in self.column.items()}
        self.names = self._by_id(texts["name"])
        self.town = self._by_id(texts["town"])
        said = self._by_id(texts["industry"])
        self.industry = {
            name: said[name] or self._industry_of(self.names[name]) for name in self.ids
        }

    def _outcomes(self) -> list[bool]:
        yes, no = self._words["words"]["yes"], self._words["words"]["no"]

        def read(text: str) -> bool:
            if text not in (*yes, *no):
                raise PriceInputError(
                    field="defaulted", value=text, rule=f"it is {yes[0]} or {no[0]}"
                )
            return text in yes

        return self.reader.read(self.column["defaulted"], read, blank=False)

    def _by_id(self, texts: Sequence[str]) -> dict[str, str]:
        return {name: texts[row] for name, row in zip(self.ids, self._sound, strict=True)}

    def _industry_of(self, name: str) -> str:
        industries: Mapping[str, Sequence[str]] = self._words["industries"]
        return next(
            (each for each, words in industries.items() if any(word in name for word in words)),
            OTHER,
        )
