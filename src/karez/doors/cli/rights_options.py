"""What the commands of rights and consents share: how options are read, and rights are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import attrs
import click

from karez.doors.cli.bookkeeping import lines_of, major, open_books
from karez.doors.cli.shell import Shell
from karez.kernel.ids import read_id, show_id
from karez.kernel.money import currency, parse_amount
from karez.kernel.time import parse_instant
from karez.services import rights
from karez.services.rights import Debt, Debtor, Done, Event, Recorded, Right, Scheme, Thing

C = TypeVar("C", bound=Callable[..., Any])


def right_id(text: str) -> UUID:
    """Return the right that an argument names."""
    return read_id("rgt", text)


def thing(text: str) -> Thing:
    """Return the thing that ``SCHEME=NUMBER`` names."""
    scheme, equals, number = text.partition("=")
    if not equals or scheme.upper() not in set(Scheme):
        known = ", ".join(Scheme)
        raise click.BadParameter(f"{text!r} is no SCHEME=NUMBER; schemes are {known}")
    return Thing(Scheme(scheme.upper()), number)


def person(text: str) -> Debtor:
    """Return the person that ``LAST, GIVEN`` names."""
    last, _, given = text.partition(",")
    return Debtor(Debt.INDIVIDUAL, last.strip(), given.strip())


def business(text: str) -> Debtor:
    """Return the firm of this name."""
    return Debtor(Debt.BUSINESS, text)


def amount_of(text: str | None, code: str | None) -> int | None:
    """Return an amount in minor units, None for none."""
    if text is None:
        return None
    if code is None:
        raise click.UsageError("an amount needs its --currency")
    return parse_amount(text, currency(code))


debtor_options = (
    click.option(
        "--business", "businesses", type=business, multiple=True, help="A firm that owes."
    ),
    click.option(
        "--person",
        "persons",
        type=person,
        multiple=True,
        metavar="LAST, GIVEN",
        help="A person who owes.",
    ),
    click.option(
        "--thing",
        "things",
        type=thing,
        multiple=True,
        metavar="SCHEME=NUMBER",
        help="A thing by its number, such as MV=1HGCM82633A004352.",
    ),
    click.option("--description", help="What is burdened, in words."),
    click.option("--amount", help="The most that is secured."),
    click.option("--currency", "unit", metavar="CODE", help="Its currency, such as EUR."),
)
event_options = (
    click.option("--by", default="", help="Who asks."),
    click.option("--effective-at", type=parse_instant, metavar="INSTANT", help="When it was."),
    click.option("--evidence", default="", help="Where it stood, if it was before now."),
    click.option("--event-id", type=UUID, metavar="UUID", help="Asking twice does it once."),
    click.option("--preview", is_flag=True, help="Say what it would give; record nothing."),
)
end_option = click.option(
    "--until", type=parse_instant, metavar="INSTANT", help="When the term ends; else never."
)


def with_options(*options: Callable[[C], C]) -> Callable[[C], C]:
    """Give a command several options."""

    def add(command: C) -> C:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@attrs.frozen
class Asked:
    """How an act was asked for: the options that all acts have."""

    by: str
    effective_at: datetime | None
    evidence: str
    event_id: UUID | None
    preview: bool


def run_act(shell: Shell, right: UUID, act: Any, asked: Asked, done_text: str) -> None:
    """Record an act, or only look what it would give, and show the right after it."""
    chosen = {} if asked.event_id is None else {"event_id": asked.event_id}
    event = Event(right, act, asked.effective_at, asked.by, asked.evidence, **chosen)
    with open_books(shell) as books:
        do = rights.preview if asked.preview else rights.record_one
        done = do(books, event)
    assert done.right is not None  # noqa: S101 - what is not refused has its right
    assert done.recorded is not None  # noqa: S101 - and its event
    document = {
        **right_document(done.right, done.recorded.effective_at),
        "event": done.recorded.event_id,
        "recorded_at": done.recorded.recorded_at,
        "replayed": done.replayed,
        "alike": list(done.alike),
        "preview": asked.preview,
    }
    shell.show(document, _told(done, document, asked, done_text))


def _told(done: Done, document: dict[str, Any], asked: Asked, done_text: str) -> list[str]:
    first = f"{document['right']} {done_text}."
    if asked.preview:
        first = f"It would be so: {document['right']} {done_text}. Nothing is recorded."
    lines = [first, *right_lines(document)]
    if done.alike:
        lines.append(f"Alike another live right in {', '.join(done.alike)}: compare before use.")
    return lines


def right_document(right: Right, at: datetime) -> dict[str, Any]:
    """Return a right as JSON shows it."""
    claim = attrs.asdict(right.content)
    for field in ("amount", "amount_most", "total_most"):
        if f"{field}_minor" in claim:
            minor, code = claim.pop(f"{field}_minor"), claim["currency"]
            claim[field] = None if minor is None else major(minor, code)
    return {
        "right": show_id("rgt", right.right_id),
        "state": str(right.state_at(at)),
        "version": right.version,
        **claim,
        "stretches": [attrs.asdict(each) for each in right.stretches],
        "reserved_until": right.reserved_until,
        "subordinated_to": [show_id("rgt", each) for each in right.subordinated_to],
        "reviewed_by": right.reviewed_by,
    }


def right_lines(document: dict[str, Any]) -> list[str]:
    """Return what a person wants to see of a right."""
    things = [f"{each['scheme']} {each['number']}" for each in document.get("things", ())]
    debtors = [f"{each['name']} {each['given']}".strip() for each in document.get("debtors", ())]
    pairs = [
        ("state", document["state"]),
        ("kind", document.get("kind")),
        ("holder", document.get("holder")),
        ("debtors", "; ".join(debtors)),
        ("things", "; ".join(things)),
        ("description", document.get("description")),
        ("reserved until", document["reserved_until"]),
        ("ends at", document.get("ends_at")),
        ("behind", ", ".join(document["subordinated_to"])),
    ]
    return [f"  {line}" for line in lines_of([pair for pair in pairs if pair[1]])]


def event_rows(events: Sequence[Recorded]) -> list[tuple[object, ...]]:
    """Return the events of a right as rows of a table."""
    return [(e.version, e.action, e.effective_at, e.recorded_at, e.by, e.evidence) for e in events]
