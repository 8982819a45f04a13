"""What commands that take a file of rows share: options, what became of the rows, the telling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import click

from karez.doors.cli.bookkeeping import exit_code_for, exit_with, lines_of, tell_refusals
from karez.doors.cli.shell import ExitCode, Shell
from karez.doors.files.refusals import Refusal, find_refusals
from karez.doors.files.rows import Block, Table
from karez.kernel.errors import ConflictError

SHOWN_MOST = 20
"""How many errors are told unless asked otherwise."""

files_argument = click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)

rejects_option = click.option(
    "--rejects",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Keep refused rows and their errors in this CSV file, to be mended and sent again.",
)


def source_option(what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option that says whose ids the rows of a file have; ``what`` a row is."""
    return click.option(
        "--source",
        default="file",
        show_default=True,
        help=f"Whose ids these are: the same id from another source is another {what}.",
    )


def check_rejects(rejects: Path | None, file: Path) -> None:
    """Refuse to keep refused rows in the file that is read.

    Raises:
        click.BadParameter: it is the same file.
    """
    if rejects is not None and rejects.exists() and file.exists() and rejects.samefile(file):
        raise click.BadParameter("would write over the file that is read", param_hint="--rejects")


@attrs.define
class RowTally:
    """What became of a file's rows; ``faults`` counts those that were refused."""

    rows: int = 0
    faults: int = 0
    conflicts_only: bool = True
    refusals: list[Refusal] = attrs.field(factory=list[Refusal])

    def count(self, table: Table, block: Block, shown_most: int = SHOWN_MOST) -> None:
        """Count a block whose refused rows are marked; keep the first refusals, to be shown."""
        self.rows += len(block)
        self.faults += len(block.faults)
        for refusal in find_refusals(table, block):
            self.conflicts_only &= isinstance(refusal.error, ConflictError)
            if len(self.refusals) < shown_most:
                self.refusals.append(refusal)

    @property
    def exit_code(self) -> ExitCode:
        """0, or 4 where all refusals are conflicts, else 5."""
        if not self.faults:
            return ExitCode.DONE
        return ExitCode.CONFLICT if self.conflicts_only else ExitCode.INVALID_INPUT

    def summary(
        self, file: str, counts: Mapping[str, int], words: Mapping[str, str], rejects: Path | None
    ) -> list[str]:
        """Return lines that say what became of a file; ``words`` are for counts named otherwise."""
        pairs = [(words.get(name, name), f"{count:,}") for name, count in counts.items()]
        width = max(len(count) for _, count in pairs)
        lines = lines_of([(label, count.rjust(width)) for label, count in pairs])
        kept = rejects is not None and self.faults > 0
        note = [f"Refused rows and their errors are in {rejects}."] if kept else []
        return [file, *(f"  {line}" for line in lines), *note]


def show_records(
    shell: Shell, head: Mapping[str, Any], counts: Mapping[str, int], refusals: Sequence[Refusal],
    note: str,
) -> None:  # fmt: skip
    """Tell what became of a file of records, with a note below it, and end the command."""
    shown = refusals[:SHOWN_MOST]
    tell_refusals(shell, shown, len(refusals))
    document = {**head, **counts, "refusals": [refusal.as_dict() for refusal in shown]}
    pairs = [(name.replace("_", " "), count) for name, count in counts.items()]
    shell.show(document, [*lines_of(pairs), *([note] if note else [])])
    exit_with(exit_code_for([refusal.error for refusal in refusals]))
