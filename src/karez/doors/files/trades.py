"""Files of trades: tables of what is known of advances, into evidence for the engine of trust.

A file is one JSON object of tables, each a list of rows; or a folder with a file of JSON lines for
each table (``advances.jsonl``). A row that cannot be read is named, and the advance that it is
about is left out: nothing is judged on half of its evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import attrs
import msgspec

from karez.doors.files.errors import FileUnreadableError, TradeRowError
from karez.doors.files.trade_evidence import Read, build
from karez.doors.files.trade_rows import TABLES, Advance, Photo, Row
from karez.engines.trust import Evidence
from karez.kernel.errors import KarezError

_T = TypeVar("_T")


@attrs.frozen
class Trades:
    """What a file holds: evidence, the currency of each advance, and what could not be read."""

    evidence: Evidence
    currencies: Sequence[str]
    faults: Sequence[KarezError]


def read_trades(path: Path) -> Trades:
    """Read a file of trades, or a folder of its tables.

    Raises:
        FileUnreadableError: there is none, it is no JSON, or it has a table of another name.
    """
    raw = _tables(path)
    faults: list[KarezError] = []
    spoilt: set[str] = set()
    tables: dict[str, list[Read[Any]]] = {}
    for name, kind in TABLES.items():
        tables[name] = list(_read(path, name, kind, raw.get(name, ()), faults, spoilt))
    folder = path if path.is_dir() else path.parent
    visited = {read.row.id: read.row.advance for read in tables["visits"]}
    while True:
        kept = {name: _without(rows, name, spoilt, visited) for name, rows in tables.items()}
        found = build(kept, folder)
        if not found.faults:
            break
        broken = {(table, place) for table, place, _ in found.faults}
        for table, place, error in found.faults:
            faults.append(TradeRowError(file=path, table=table, row=place, reason=error))
        for name, rows in kept.items():
            bad = [read for read in rows if (name, read.place) in broken]
            spoilt.update(*(_about(name, read.row, visited) for read in bad))
            tables[name] = [read for read in rows if (name, read.place) not in broken]
    currencies = [cast("Advance", read.row).currency for read in kept["advances"]]
    return Trades(found.evidence, currencies, faults)


def _tables(path: Path) -> Mapping[str, Sequence[msgspec.Raw]]:
    """Return the rows of each table as they stand."""
    if path.is_dir():
        files = sorted(path.glob("*.jsonl"))
        found = {
            file.stem: [msgspec.Raw(line) for line in _octets(file).splitlines() if line.strip()]
            for file in files
        }
    else:
        found = _decoded(path, lambda: msgspec.json.decode(
            _octets(path), type=dict[str, list[msgspec.Raw]]))  # fmt: skip
    unknown = sorted(set(found) - set(TABLES))
    if unknown or "advances" not in found:
        reason = f"it has a table {unknown[0]}" if unknown else "it has no table advances"
        wanted = f"a file of trades, whose tables are {', '.join(TABLES)}"
        raise FileUnreadableError(file=path, format=wanted, reason=reason)
    return found


def _octets(path: Path) -> bytes:
    return _decoded(path, path.read_bytes)


def _decoded(path: Path, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise FileUnreadableError(file=path, format="a file of trades", reason=fault) from fault


def _read(  # noqa: PLR0913, PLR0917 - where it comes from, and where faults go
    path: Path,
    name: str,
    kind: type[Row],
    raw: Sequence[msgspec.Raw],
    faults: list[KarezError],
    spoilt: set[str],
) -> Iterator[Read[Row]]:
    """Read the rows of a table; name those that cannot be read, and what they are about."""
    decoder = msgspec.json.Decoder(kind)
    for place, text in enumerate(raw, 1):
        try:
            row = decoder.decode(text)
            octets = msgspec.json.encode(msgspec.json.decode(text), order="sorted")
            yield Read(place, row, hashlib.sha256(octets).hexdigest())
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            faults.append(TradeRowError(file=path, table=name, row=place, reason=fault))
            spoilt.update(_names(text, "id" if name == "advances" else "advance"))


def _names(text: msgspec.Raw, field: str) -> Iterator[str]:
    """Return the advance that a broken row is about, if that much of it can be read."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return
    if isinstance(found, dict):
        value = cast("dict[str, Any]", found).get(field)
        if isinstance(value, str):
            yield value


def _about(table: str, row: Row, visited: Mapping[str, str]) -> Iterator[str]:
    """Return the advance that a row is about; a photo is about that of its visit."""
    if isinstance(row, Photo):
        name = visited.get(row.visit)
    else:
        name = getattr(row, "id" if table == "advances" else "advance", None)
    if isinstance(name, str):
        yield name


def _without(
    rows: Sequence[Read[Any]], table: str, spoilt: set[str], visited: Mapping[str, str]
) -> list[Read[Any]]:
    """Return the rows that are not about an advance that is left out."""
    return [read for read in rows if spoilt.isdisjoint(_about(table, read.row, visited))]
