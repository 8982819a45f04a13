"""``karez party``: who borrows, stands surety and belongs together."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from karez.doors.cli.bookkeeping import (
    lines_of,
    on_day,
    open_books,
    preview_option,
    progress,
    today,
)
from karez.doors.cli.party_liable import liable
from karez.doors.cli.row_files import show_records
from karez.doors.cli.shell import Shell, command_options, table
from karez.doors.files.parties import PARTIES
from karez.doors.files.records import open_records
from karez.doors.files.refusals import Refusal
from karez.kernel.ids import show_id
from karez.kernel.time import parse_date
from karez.services import parties as use
from karez.services.parties import Kind, Known, Party, Tie, TieKind

actor_option = click.option("--by", "actor", default="", help="Who records it.")


@click.group()
def party() -> None:
    """Record and find persons, firms and groups, and tie them."""


@party.command()
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.argument("name")
@click.option(
    "--key",
    "keys",
    multiple=True,
    required=True,
    metavar="SCHEME:VALUE",
    help="By which id facts and papers call it, such as tin:5213003700; may be repeated.",
)
@click.option("--given", default="", help="Given names of a person.")
@click.option("--place", default="", help="Where it is.")
@click.option("--industry", default="", help="What it does.")
@click.option("--segment", default="", help="Whose rate counts where nothing else is known.")
@click.option("--phone", default="")
@click.option("--began-on", type=parse_date, metavar="DATE", help="Born, or founded.")
@actor_option
@preview_option
@command_options
def add(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    kind: str,
    name: str,
    keys: tuple[str, ...],
    actor: str,
    preview: bool,
    **rest: Any,  # the other fields of a party
) -> None:
    """Record the KIND (person, firm or group) called NAME, or what has changed of it.

    One that has a key already gets a new version. Nobody is merged with another.
    """  # fmt: skip
    wanted = Party(Kind(kind), name, keys, **rest)
    with open_books(shell) as books:
        [done] = use.record_parties(books, [wanted], actor=actor, preview=preview)
    if done.error is not None:
        raise done.error
    assert done.known is not None  # noqa: S101 - what is not refused is known
    alike = [show_id("pty", each) for each in done.alike]
    document = party_document(done.known) | {
        "changed": done.changed, "alike": alike, "preview": preview,
    }  # fmt: skip
    said = "would be recorded" if preview else "is recorded"
    lines = [f"{done.known.shown_id} {said}." if done.changed else "It stands so already."]
    if alike:
        lines.append(f"Of the same name: {', '.join(alike)}. Look whether it is the same.")
    shell.show(document, lines)


@party.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@actor_option
@preview_option
@command_options
def import_(shell: Shell, *, file: Path, actor: str, preview: bool) -> None:
    """Record the parties of FILE, a row a party (CSV, JSON lines, Parquet or XLSX).

    Columns: kind, name, keys; and perhaps given, place, industry, segment, phone, began_on. Several
    keys have semicolons between them. A file that is sent again records nothing twice.
    """
    counts = {"rows": 0, "recorded": 0, "there_already": 0, "alike": 0, "refused": 0}
    refusals: list[Refusal] = []
    with (
        open_records(file, PARTIES) as chunks,
        open_books(shell) as books,
        progress(shell, "rows") as tell,
    ):
        for chunk in chunks:
            answers = use.record_parties(books, chunk.records, actor=actor, preview=preview)
            for place, done in enumerate(answers):
                if done.error is not None:
                    chunk.refuse(place, done.error)
            counts["rows"] += len(chunk.refusals) + sum(done.error is None for done in answers)
            counts["recorded"] += sum(done.changed for done in answers)
            counts["there_already"] += sum(
                done.error is None and not done.changed for done in answers
            )
            counts["alike"] += sum(bool(done.alike) for done in answers)
            counts["refused"] += len(chunk.refusals)
            refusals += chunk.refusals
            tell(counts["rows"])
    head = {"file": str(file), "preview": preview}
    show_records(shell, head, counts, refusals, "Nothing was kept." if preview else "")


@party.command()
@click.argument("name", metavar="PARTY")
@on_day
@command_options
def show(shell: Shell, *, name: str, on: date | None) -> None:
    """Show PARTY, an id or a key, and its ties on a day."""
    day = on or today()
    with open_books(shell) as books:
        known = use.find_party(books, name)
        ties = use.list_ties(books, [known.party_id], day)
        others = use.find_parties(books, {each for one in ties for each in (one.one, one.other)})
    shown = [_tie_document(each, others) for each in ties]
    document = party_document(known) | {"ties": shown}
    pairs = [
        (label.replace("_", " "), value)
        for label, value in (party_document(known) | {"keys": ", ".join(known.party.keys)}).items()
        if value
    ]
    rows = [tuple(each.values()) for each in shown]
    headings = ["party", "is", "of", "since"]
    shell.show(document, [*lines_of(pairs), *(["", *table(headings, rows)] if rows else [])])


@party.command()
@click.argument("text")
@click.option("--most", default=20, show_default=True, help="How many at most.")
@command_options
def find(shell: Shell, *, text: str, most: int) -> None:
    """Find parties by TEXT: a key, or a name or something like it."""
    with open_books(shell) as books:
        found = use.search_parties(books, text, most=most)
    rows = [
        (each.shown_id, each.party.kind, each.party.full_name, each.key, each.party.place)
        for each in found
    ]
    lines = table(["party", "kind", "name", "key", "place"], rows)
    document = {"parties": [party_document(each) for each in found]}
    shell.show(document, lines if found else ["Nobody is found."])


@party.command()
@click.argument("one", metavar="PARTY")
@click.argument("kind", type=click.Choice([kind.value for kind in TieKind]))
@click.argument("other", metavar="OTHER")
@on_day
@click.option("--end", is_flag=True, help="End the tie on that day.")
@click.option("--reason", default="", help="Why.")
@actor_option
@command_options
def tie(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    one: str,
    kind: str,
    other: str,
    on: date | None,
    end: bool,
    reason: str,
    actor: str,
) -> None:
    """Say that PARTY is tied to OTHER from a day on, or with --end no longer."""
    day = on or today()
    with open_books(shell) as books:
        changed = use.tie(
            books, one, TieKind(kind), other, on=day, holds=not end, actor=actor, reason=reason
        )  # fmt: skip
    document = {"party": one, "tie": kind, "other": other, "on": day, "holds": not end}
    said = f"{one} is {'no longer ' if end else ''}{kind} {other} from {day} on."
    shell.show(document | {"changed": changed}, [said if changed else "It stands so already."])


def party_document(known: Known) -> dict[str, Any]:
    """Return a party ready for JSON."""
    party = known.party
    return {
        "party": known.shown_id,
        "version": known.version,
        "kind": party.kind.value,
        "name": party.name,
        "given": party.given,
        "keys": list(party.keys),
        "place": party.place,
        "industry": party.industry,
        "segment": party.segment,
        "phone": party.phone,
        "began_on": party.began_on,
    }


def _tie_document(each: Tie, others: dict[Any, Known]) -> dict[str, Any]:
    return {
        "party": others[each.one].key,
        "tie": each.kind.value,
        "other": others[each.other].key,
        "since": each.since,
    }


party.add_command(liable)
