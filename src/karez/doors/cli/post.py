"""``karez post``: a file of postings into the book."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any

import attrs
import click
import numpy as np
import numpy.typing as npt

from karez.books.money.judge import Answer
from karez.doors.cli.bookkeeping import exit_with, open_books, progress, tell_refusals
from karez.doors.cli.row_files import (
    SHOWN_MOST,
    RowTally,
    check_rejects,
    rejects_option,
    source_option,
)
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.postings import Chunk, Naming, read_postings
from karez.doors.files.refusals import RefusalFile, mark_refused
from karez.doors.files.rows import Format, Table, text_fault
from karez.doors.files.shapes import Shape, check_header
from karez.doors.files.tables import format_of, read_table
from karez.services.bookkeeping import Books, find_seats, post_batch, seal_due


@attrs.define
class Tally(RowTally):
    """What became of a file, entry by entry."""

    entries: int = 0
    posted: int = 0
    replayed: int = 0
    refused: int = 0

    def counts(self) -> dict[str, int]:
        """Return the numbers, named as people and scripts read them."""
        names = ("rows", "entries", "posted", "replayed", "refused")
        return {name: getattr(self, name) for name in names}

    def add(
        self, table: Table, chunk: Chunk, firsts: npt.NDArray[np.int16], shown_most: int
    ) -> None:
        """Count a chunk; ``firsts`` are the answers to the first transfers of its entries."""
        self.count(table, chunk.block, shown_most)
        self.entries += len(chunk.starts)
        self.posted += int((firsts == Answer.POSTED).sum())
        self.replayed += int((firsts == Answer.REPLAYED).sum())
        self.refused += len({chunk.entry_rows(row).start for row in chunk.block.faults})


@click.command()
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Format]),
    help="How rows are written; by default the file's name says it.",
)
@click.option("--atomic", is_flag=True, help="Post nothing unless all can be posted.")
@click.option("--dry-run", is_flag=True, help="Judge everything, post nothing.")
@rejects_option
@source_option("entry")
@click.option(
    "--ids-from-content", is_flag=True, help="Name each row by what it holds: for files without id."
)
@click.option(
    "--errors",
    "shown_most",
    type=click.IntRange(min=0),
    default=SHOWN_MOST,
    show_default=True,
    help="How many errors to show.",
)
@command_options
def post(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    file: Path,
    form: str | None,
    atomic: bool,
    dry_run: bool,
    rejects: Path | None,
    source: str,
    ids_from_content: bool,
    shown_most: int,
) -> None:
    """Post the entries of FILE (CSV, JSON lines or Parquet; - is standard input).

    Good entries are posted and bad ones told, by line. A file that is sent again posts nothing
    twice.
    """
    check_rejects(rejects, file)
    fault = text_fault("--source", source)
    if fault is not None:
        raise fault.error
    naming = Naming(shell.config.institution, source, by_content=ids_from_content)
    with _open(file) as stream, open_books(shell) as books:
        table = read_table(stream, _shown_name(file), Format(form) if form else format_of(file))
        posting = Posting(books, table, naming, atomic=atomic, dry_run=dry_run)
        with progress(shell, "rows") as tell:
            tally = posting.run(rejects, shown_most=shown_most, tell=tell)
        if not dry_run:
            with progress(shell, "sealing") as tell:
                seal_due(books, tell)
    tell_refusals(shell, tally.refusals, tally.faults)
    document: dict[str, Any] = {"file": table.file, "atomic": atomic, "dry_run": dry_run}
    document |= tally.counts()
    document["errors"] = tally.faults
    document["refusals"] = [refusal.as_dict() for refusal in tally.refusals]
    words = {"replayed": "there already", "posted": "would be posted" if dry_run else "posted"}
    shell.show(document, tally.summary(table.file, tally.counts(), words, rejects))
    exit_with(tally.exit_code)


@contextmanager
def _open(file: Path) -> Generator[IO[bytes]]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    with file.open("rb") as stream:
        yield stream


def _shown_name(file: Path) -> str:
    return "standard input" if str(file) == "-" else str(file)


@attrs.frozen
class Posting:
    """One file on its way into the book. ``tell`` hears how many rows are done."""

    books: Books
    table: Table
    naming: Naming
    atomic: bool = attrs.field(default=False, kw_only=True)
    dry_run: bool = attrs.field(default=False, kw_only=True)

    def run(
        self,
        rejects: Path | None = None,
        *,
        shown_most: int = SHOWN_MOST,
        tell: Callable[[int], None] = lambda _done: None,
    ) -> Tally:
        """Post the file; keep what was refused in ``rejects``.

        Raises as ``check_header`` does.
        """
        with_ids = not self.naming.by_content
        shape = check_header(self.table.file, self.table.header, with_ids=with_ids)
        tally = Tally()
        chunks = read_postings(
            self.table,
            shape,
            self.naming,
            lambda codes: find_seats(self.books, codes),
            whole=self.atomic or self.dry_run,
        )
        with RefusalFile(rejects, self.table) if rejects else nullcontext() as kept:
            for chunk in chunks:
                firsts = self._post(shape, chunk)
                tally.add(self.table, chunk, firsts, shown_most)
                if kept is not None:
                    kept.write(chunk)
                tell(tally.rows)
        return tally

    def _post(self, shape: Shape, chunk: Chunk) -> npt.NDArray[np.int16]:
        """Post a chunk; return the answers to the first transfers of its entries."""
        unread = bool(chunk.block.faults)
        outcomes = post_batch(
            self.books,
            chunk.batch,
            atomic=self.atomic,
            dry_run=self.dry_run or (self.atomic and unread),
        )
        mark_refused(self.table, shape, chunk, outcomes)
        firsts = outcomes.answer[chunk.batch.rows["line"] == 0]
        # All or none, and it is none.
        return firsts[:0] if self.atomic and chunk.block.faults else firsts
