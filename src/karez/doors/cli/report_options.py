"""What reports share: a table of rows is the same on the screen, as JSON and in a file."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import click

from karez.doors.cli.bookkeeping import major
from karez.doors.cli.shell import Shell, table
from karez.doors.files.errors import FileUnwritableError

csv_option = click.option(
    "--csv",
    "file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the rows to this file too.",
)

_MINOR = "_minor"


def shown(row: attrs.AttrsInstance) -> dict[str, Any]:
    """Return a row as people read it: amounts in major units of its ``currency``."""
    values: dict[str, Any] = {}
    for name, value in attrs.asdict(row, recurse=False).items():
        if name.endswith(_MINOR):
            unit: str = getattr(row, "currency")  # noqa: B009 - rows with amounts have one
            values[name.removesuffix(_MINOR)] = major(value, unit)
        else:
            values[name] = value
    return values


def show_rows(
    shell: Shell,
    head: Mapping[str, object],
    rows: Sequence[attrs.AttrsInstance],
    file: Path | None,
    *,
    sums: Mapping[str, Mapping[str, Decimal]] | None = None,
) -> None:
    """Show rows under what they are about, and write them to a file if one is named.

    ``sums`` are shown below them, by name and currency.

    Raises:
        FileUnwritableError: the file cannot be written.
    """
    said = [shown(row) for row in rows]
    names = list(said[0]) if said else []
    if file is not None:
        write_rows(file, rows)
    title = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in head.items())
    tail = [
        f"{name.replace('_', ' ')}: {', '.join(f'{unit} {sum_}' for unit, sum_ in amounts.items())}"
        for name, amounts in (sums or {}).items()
        if amounts
    ]
    headings = [name.replace("_", " ") for name in names]
    lines = [title, *table(headings, [list(row.values()) for row in said]), *tail]
    shell.show({**head, "rows": said, **(sums or {})}, lines if said else [title, "nothing", *tail])


def write_rows(file: Path, rows: Sequence[attrs.AttrsInstance]) -> None:
    """Write rows as CSV, as the screen shows them.

    Raises:
        FileUnwritableError: the file cannot be written.
    """
    said = [shown(row) for row in rows]
    try:
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(said[0]) if said else [], lineterminator="\n")
            writer.writeheader()
            writer.writerows(said)
    except OSError as fault:
        raise FileUnwritableError(file=str(file), reason=fault.strerror or str(fault)) from fault
