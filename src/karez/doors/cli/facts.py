"""``karez facts``: what happened and who says so, in a log that others can check."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import attrs
import click
import msgspec

from karez.doors.cli.bookkeeping import (
    exit_with,
    lines_of,
    progress,
    tell_refusals,
)
from karez.doors.cli.evidence import open_evidence, read_file, write_file
from karez.doors.cli.shell import ExitCode, LazyGroup, Shell, command_options, table
from karez.doors.files.facts import FactChunk, read_facts
from karez.doors.files.log_folder import LogFolder
from karez.doors.files.refusals import Refusal
from karez.kernel.errors import ConflictError
from karez.kernel.time import parse_date
from karez.services import evidence as use
from karez.services.evidence import Evidence, Filter, Recorded, Request, Retention

COMMANDS = {
    "open": ("karez.doors.cli.facts:open_", "Name the log and make its keys."),
    "add": ("karez.doors.cli.facts:add", "Record a file of facts."),
    "show": ("karez.doors.cli.facts:show", "Show one fact."),
    "list": ("karez.doors.cli.facts:list_", "List facts, the latest first."),
    "prove": ("karez.doors.cli.facts:prove", "Make a receipt that proves a fact to others."),
    "verify": ("karez.doors.cli.facts_verify:verify", "Check a receipt, a folder, or our own log."),
    "erase": ("karez.doors.cli.facts:erase", "Erase what facts say, where the law allows it."),
    "export": ("karez.doors.cli.facts:export", "Write the log as files for others to check."),
    "witness": (
        "karez.doors.cli.facts_witness:witness",
        "Witness logs, and have ours witnessed.",
    ),
}
SHOWN_MOST = 20


@click.command(cls=LazyGroup, table=COMMANDS)
def facts() -> None:
    """Record what happened, and prove it."""


@click.command("open")
@click.option("--origin", metavar="NAME", help="The name of the log: a domain of yours and a path.")
@click.option("--post-quantum", is_flag=True, help="Sign with ML-DSA-44 as well.")
@command_options
def open_(shell: Shell, *, origin: str | None, post_quantum: bool) -> None:
    """Name the log and make its keys, or show them.

    Others know a log by its name and keys for ever, so name it before the first fact. The secret
    keys are in the folder `keys` of the home of Karez: keep a copy where nobody else comes.
    """
    with open_evidence(shell) as evidence:
        name = origin or use.default_origin(evidence.institution.code)
        head = use.begin_log(evidence, name, post_quantum=post_quantum)
        file = evidence.keys.log_file
    keys = head.verifier_keys.split("\n")
    document = {"origin": head.origin, "vkeys": keys, "size": head.size, "key_file": file}
    pairs = [("log", head.origin), ("facts", head.size), *(("vkey", key) for key in keys)]
    shell.show(document, lines_of([*pairs, ("secret keys", file)]))


@attrs.define
class _Tally:
    """What became of a file of facts."""

    added: int = 0
    there_already: int = 0
    refused: int = 0
    size: int = 0
    first_index: int | None = None
    refusals: list[Refusal] = attrs.field(factory=list[Refusal])
    conflicts_only: bool = True

    @property
    def exit_code(self) -> ExitCode:
        """0, or 4 where all refusals are conflicts, else 5."""
        if not self.refused:
            return ExitCode.DONE
        return ExitCode.CONFLICT if self.conflicts_only else ExitCode.INVALID_INPUT

    def take(self, evidence: Evidence, chunk: FactChunk, rejects: IO[bytes] | None) -> None:
        """Append a chunk, count what became of it, keep what was refused."""
        done = use.add_facts(evidence, chunk.batch)
        found = chunk.refusals(done)
        self.added += done.added_count
        self.there_already += len(done.index) - done.added_count - len(done.refused)
        self.refused += len(found)
        self.size = done.size
        if self.first_index is None and len(done.index) > len(done.refused):
            self.first_index = int(done.index[done.index >= 0][0])
        for refusal, line in found:
            self.conflicts_only &= isinstance(refusal.error, ConflictError)
            if len(self.refusals) < SHOWN_MOST:
                self.refusals.append(refusal)
            if rejects is not None:
                rejects.write(line.rstrip(b"\n") + b"\n")


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--rejects", type=click.File("wb", lazy=True), help="Keep refused lines here.")
@command_options
def add(shell: Shell, *, file: IO[bytes], rejects: IO[bytes] | None) -> None:
    """Record the facts of FILE, one JSON object a line (- is standard input).

    Good facts are recorded and bad ones told, by line and field. A file that is sent again
    records nothing twice.
    """
    tally = _Tally()
    name = "standard input" if file.name == "<stdin>" else file.name
    with open_evidence(shell) as evidence, progress(shell, "facts") as tell:
        for chunk in read_facts(file, name):
            tally.take(evidence, chunk, rejects)
            tell(tally.added + tally.there_already)
    tell_refusals(shell, tally.refusals, tally.refused)
    counts = {
        "added": tally.added,
        "there_already": tally.there_already,
        "refused": tally.refused,
        "first_index": tally.first_index,
        "size": tally.size,
    }
    document = {"file": name, **counts, "refusals": [each.as_dict() for each in tally.refusals]}
    shell.show(document, lines_of([(key.replace("_", " "), n) for key, n in counts.items()]))
    exit_with(tally.exit_code)


@click.command()
@click.argument("index", type=click.IntRange(min=0))
@command_options
def show(shell: Shell, *, index: int) -> None:
    """Show the fact at INDEX: what the log shows of it, and what it says."""
    with open_evidence(shell) as evidence:
        found = use.show_fact(evidence, index)
    shell.show(_document(found), _lines(found))


def _document(found: Recorded) -> dict[str, Any]:
    return {
        "index": found.index,
        "entry": found.entry,
        "erased": found.body is None,
        "fact": found.fields,
    }


def _lines(found: Recorded) -> list[str]:
    fields = found.fields or {"erased": "what it said was erased"}
    said = [(name, _shown(value)) for name, value in fields.items() if name != "schema"]
    return lines_of([("index", str(found.index)), *found.entry.items(), ("", ""), *said])


def _shown(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


@click.command("list")
@click.option("--subject", help="Whom they are about, as a party id.")
@click.option("--schema", help="Of one schema, such as invoice/1.")
@click.option("--since", type=parse_date, metavar="DATE", help="Valid on this day or later.")
@click.option("--until", type=parse_date, metavar="DATE", help="Valid on this day or before.")
@click.option("--below", type=click.IntRange(min=0), help="Only below this index: the next page.")
@click.option("--most", type=click.IntRange(min=1, max=10_000), default=100, show_default=True)
@command_options
def list_(shell: Shell, **asked: Any) -> None:  # the options, by the names that Filter has
    """List facts whose bodies are there, the latest first."""
    with open_evidence(shell) as evidence:
        found = use.search_facts(evidence, Filter(**asked))
    said = [(index, schema, msgspec.json.decode(body)) for index, schema, body in found]
    document = {"facts": [{"index": index, "fact": fields} for index, _, fields in said]}
    rows = [
        (index, schema, fields["valid_on"], fields["subject"], fields.get("number", ""))
        for index, schema, fields in said
    ]
    shell.show(document, table(("index", "schema", "valid on", "subject", "number"), rows))


@click.command()
@click.argument("index", type=click.IntRange(min=0))
@click.option("--out", type=write_file, help="Write the receipt here; by default it is printed.")
@click.option("--without-body", is_flag=True, help="Prove that it was recorded, not what it says.")
@click.option(
    "--witnesses", type=click.IntRange(min=0), default=0, help="Only with so many cosignatures."
)
@click.option("--cose", type=write_file, help="Write a COSE receipt (RFC 9942) here as well.")
@command_options
def prove(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    index: int,
    out: Path | None,
    without_body: bool,
    witnesses: int,
    cose: Path | None,
) -> None:
    """Make a receipt of the fact at INDEX: a file that `karez facts verify` checks anywhere.

    With the body it says what was recorded; hand it to those who may know. Without it proves
    only that something was recorded, when, and under which pseudonym.
    """
    with open_evidence(shell) as evidence:
        text = use.issue_receipt(evidence, index, with_body=not without_body, witnesses=witnesses)
        if cose is not None:
            _, octets = use.issue_cose_receipt(evidence, index)
            cose.write_bytes(octets)
    document = {"index": index, "receipt": text, "file": out, "cose_file": cose}
    if out is None:
        shell.show(document, [text.removesuffix("\n")])
        return
    out.write_text(text, encoding="utf-8")
    shell.show(document, [f"The receipt of fact {index} is in {out}."])


@click.command()
@click.argument("indices", metavar="[INDEX]...", nargs=-1, type=click.IntRange(min=0))
@click.option("--subject", help="Whatever is about this party.")
@click.option("--ground", required=True, help="On what legal ground.")
@click.option("--asked-by", required=True, help="Who asks for it.")
@click.option("--retention", type=read_file, help="What must be kept, in place of Karez's table.")
@command_options
def erase(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    indices: tuple[int, ...],
    subject: str | None,
    ground: str,
    asked_by: str,
    retention: Path | None,
) -> None:
    """Erase the bodies of facts, by INDEX or by subject.

    Entries and proofs stay and tell nothing any more. What the law says must be kept is kept, and
    named with the day from which it may go. Exit code 4 says that something was kept.
    """
    if not indices and subject is None:
        raise click.UsageError("say what to erase: an INDEX or --subject")
    kept_longer = Retention.parse(retention.read_text()) if retention else Retention.standard()
    request = Request(ground, asked_by, subject, indices)
    with open_evidence(shell) as evidence:
        done = use.erase_facts(evidence, request, kept_longer)
    kept = [error.as_dict() for error in done.kept]
    document = {"erased": list(done.indices), "kept": kept, "index": done.recorded_at_index}
    lines = [f"{len(done.indices)} erased, {len(kept)} kept."]
    lines += [f"kept: {error.message}" for error in done.kept[:SHOWN_MOST]]
    shell.show(document, lines)
    exit_with(ExitCode.CONFLICT if done.kept else ExitCode.DONE)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@command_options
def export(shell: Shell, *, folder: Path) -> None:
    """Write the log into FOLDER: entries, tiles and checkpoint, as any web server can serve them.

    Bodies are no part of it. A second time writes only what is new.
    """
    files = LogFolder(folder)
    with open_evidence(shell) as evidence:
        written = use.export_log(evidence, files.is_there, files.write)
        head = use.log_head(evidence)
    document = {"folder": folder, "files": written, "size": head.size, "origin": head.origin}
    shell.show(document, [f"{head.size:,} facts of {head.origin}: {written:,} files written."])
