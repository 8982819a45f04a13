"""``karez application show``, ``list``, ``verify``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from karez.doors.cli.application_options import application_id, open_desk
from karez.doors.cli.application_page import (
    HEADINGS,
    application_document,
    page,
    parties_of,
    summary,
)
from karez.doors.cli.bookkeeping import progress, show_verification
from karez.doors.cli.shell import Shell, command_options, table
from karez.services import origination
from karez.services.origination import Event, Stage


@click.command()
@click.argument("application", type=application_id)
@click.option("--events", "with_events", is_flag=True, help="Show what happened, in order.")
@command_options
def show(shell: Shell, *, application: UUID, with_events: bool) -> None:
    """Show APPLICATION, and why it stands as it does."""
    with open_desk(shell) as desk:
        found = origination.find_application(desk, application)
        events = origination.list_events(desk, application)
        parties = parties_of([found], desk)
    lines, document = page(found, parties), application_document(found, parties)
    rows = [(e.number, e.kind, e.valid_on, e.actor, e.reason) for e in events]
    if with_events:
        lines += ["", *table(["number", "event", "on", "by", "reason"], rows)]
    shell.show(document | {"events": [_event(event) for event in events]}, lines)


def _event(event: Event) -> dict[str, Any]:
    return {
        "number": event.number,
        "event": event.kind,
        "command_id": event.command_id,
        "on": event.valid_on,
        "by": event.actor,
        "reason": event.reason,
        "recorded_at": event.recorded_at,
    }


@click.command("list")
@click.option("--stage", type=click.Choice([each.value for each in Stage]), help="How far it is.")
@click.option("--product", help="Of which product.")
@click.option("--officer", help="Whose customers.")
@click.option("--borrower", help="Of whom: a key or an id.")
@click.option("--most", default=100, show_default=True, help="How many at most.")
@command_options
def list_(shell: Shell, *, stage: str | None, **asked: Any) -> None:
    """List applications, the latest first."""
    with open_desk(shell) as desk:
        found = origination.list_applications(desk, stage=Stage(stage) if stage else None, **asked)
        parties = parties_of(found, desk)
    documents = [application_document(each, parties) for each in found]
    rows = [summary(each, parties) for each in found]
    shell.show({"applications": documents}, table(HEADINGS, rows) if rows else ["There is none."])


@click.command()
@command_options
def verify(shell: Shell) -> None:
    """Fold every application from its events again.

    Exit code 6 says that something disagrees; the rows are named.
    """
    with open_desk(shell) as desk, progress(shell, "applications") as tell:
        report = origination.verify(desk, tell)
        count = report.applications
    show_verification(shell, report, {"applications": count}, f"{count:,} applications")
