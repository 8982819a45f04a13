"""What the commands of a score share: reading loans, telling refusals, keeping them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import attrs
import click

from karez.doors.cli.bookkeeping import exit_with, progress, tell_refusals
from karez.doors.cli.shell import ExitCode, Shell, to_json
from karez.doors.files.refusals import Refusal, RefusalFile
from karez.doors.files.rows import Block, Table
from karez.doors.files.score_tables import Ask, Loans, read_loans
from karez.doors.files.trade.folders import free_name

SHOWN_MOST = 20

model_option = click.option(
    "--model",
    "model_file",
    type=click.Path(path_type=Path),
    required=True,
    metavar="MODEL",
    help="The score, as `karez score fit` wrote it.",
)
join_option = click.option(
    "--join",
    "more",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="More columns of the same loans, found by id, such as outcomes for a file of portraits.",
)
rejects_option = click.option(
    "--rejects",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep the rows that were refused in this folder, to be mended.",
)


@attrs.define
class Refused:
    """The rows of a file that were refused, the first of them by name."""

    total: int = 0
    refusals: list[Refusal] = attrs.field(factory=list[Refusal])
    kept: list[Path] = attrs.field(factory=list[Path])

    def as_dict(self) -> dict[str, object]:
        """Return them ready for JSON."""
        return {
            "refused": self.total,
            "rejects": [str(path) for path in self.kept],
            "refusals": [refusal.as_dict() for refusal in self.refusals],
        }

    def tell(self, shell: Shell) -> None:
        """Name the refusals on the error channel where they are no part of the JSON document."""
        if shell.as_json:
            for refusal in self.refusals:
                click.echo(to_json(refusal.as_dict()), err=True)

    def end(self, found: ExitCode = ExitCode.DONE) -> None:
        """End the command: with 5 where rows were refused, else with what it found."""
        exit_with(ExitCode.INVALID_INPUT if self.total else found)


def read_file(shell: Shell, file: Path, ask: Ask, rejects: Path | None) -> tuple[Loans, Refused]:
    """Return the loans of a file, and what was refused of it, told on the error channel.

    Raises as ``read_loans`` does.
    """
    refused = Refused()
    with ExitStack() as stack:
        tell: Callable[..., None] = stack.enter_context(progress(shell, "rows"))
        keeper: list[RefusalFile] = []

        def keep(table: Table, block: Block) -> None:
            refused.total += len(block.faults)
            for row, fault in sorted(block.faults.items()):
                if len(refused.refusals) < SHOWN_MOST:
                    line = block.lines[row]
                    where = (table.file, table.unit, line, fault.field, fault.value)
                    refused.refusals.append(Refusal(*where, fault.error))
            if rejects is not None:
                if not keeper:
                    path = free_name(rejects, f"{Path(table.file).stem}.csv")
                    new = RefusalFile(path, table, encoding="utf-8-sig")
                    keeper.append(stack.enter_context(new))
                    refused.kept.append(path)
                keeper[0].write_rows(block)

        try:
            loans = read_loans(file, ask, keep, tell)
        finally:
            tell_refusals(shell, refused.refusals, refused.total)
    return loans, refused
