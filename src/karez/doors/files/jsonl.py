"""A file of JSON lines as blocks of text fields."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Any

from karez.doors.files.errors import FileEmptyError, JsonMalformedError
from karez.doors.files.rows import (
    BLOCK_ROWS,
    Block,
    Fault,
    Table,
    as_csv,
    leaving_open,
    shown,
    text_fault,
)


class _Repeated(dict[str, Any]):
    """A JSON object that remembers a key that stood twice."""

    repeated: str = ""


def _object(pairs: list[tuple[str, Any]]) -> _Repeated:
    found = _Repeated(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        found.repeated = next(name for name in names if names.count(name) > 1)
    return found


def read_jsonl(
    stream: IO[bytes], file: str, columns_for: Callable[[Sequence[str]], tuple[str, ...]]
) -> Table:
    """Read one JSON object a line. Numbers keep their digits.

    ``columns_for`` is given the keys of the first object and returns the columns to read.

    Raises:
        FileEmptyError: there is no line.
        TextEncodingError, NulCharacterError: a key of the first object is no text.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="\n")
    lines = iter(text)
    head = list(islice(lines, 1))
    if not head:
        raise FileEmptyError(file=file)
    try:
        keys = list(_load_object(head[0]))
    except ValueError:
        keys = []
    header = columns_for(keys)
    fault = text_fault("", "".join(header))
    if fault is not None:
        raise fault.error
    blocks = _blocks(chain(head, lines), header)
    return Table(file, "line", header, ",", leaving_open(blocks, text))


def _load_object(line: str) -> dict[str, Any]:
    loaded = json.loads(
        line, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object
    )
    if not isinstance(loaded, _Repeated):
        raise ValueError("it is no object")  # noqa: TRY004 - one kind of failure for all
    if loaded.repeated:
        raise ValueError(f"{loaded.repeated!r} stands twice")
    return loaded


def _blocks(lines: Iterator[str], header: Sequence[str]) -> Iterator[Block]:
    block = Block()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row, fault = _row_of(line, header)
        unread = fault is not None and not fault.field
        block.add(number, row, as_csv([shown(line)] if unread else row), fault)
        if len(block) == BLOCK_ROWS:
            yield block
            block = Block()
    yield block


def _row_of(line: str, header: Sequence[str]) -> tuple[list[str], Fault | None]:
    try:
        found = _load_object(line)
    except ValueError as error:
        by_sight = re.search(r'"id"\s*:\s*"([^"]*)"', line)
        row = [by_sight[1] if by_sight and name == "id" else "" for name in header]
        reason = JsonMalformedError(expected="a JSON object on one line", reason=str(error))
        return row, Fault("", shown(line), reason)
    row: list[str] = []
    fault: Fault | None = None
    for name in header:
        value = found.pop(name, None)
        if name == "reference" and isinstance(value, dict):
            value = json.dumps(value, ensure_ascii=False)
        if value is not None and not isinstance(value, str):
            wrong = JsonMalformedError(expected="a text or a number", reason=f"{name} is another")
            fault = Fault(name, json.dumps(value), wrong)
        text = value if isinstance(value, str) else ""
        fault = text_fault(name, text) or fault
        row.append(shown(text) if fault else text)
    for name, value in found.items():
        wrong = JsonMalformedError(expected="a key with a meaning here", reason=repr(name))
        fault = Fault(name, json.dumps(value), wrong)
    return row, fault
