"""What the commands of applications share: which ones, when, by whom; what became of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

import click

from karez.doors.cli.application_page import (
    HEADINGS,
    Parties,
    application_document,
    page,
    parties_of,
    summary,
)
from karez.doors.cli.bookkeeping import exit_code_for, exit_with, on_day, today
from karez.doors.cli.evidence import open_evidence
from karez.doors.cli.shell import Shell, command_options, say, table
from karez.kernel.ids import new_id, read_id
from karez.services.bookkeeping import derive_id
from karez.services.origination import Command, Desk, Outcome, Stage, list_applications

ALL_MOST = 100_000

C = TypeVar("C", bound=Command)


def application_id(text: str) -> UUID:
    """Return the application that an argument names."""
    return read_id("app", text)


@contextmanager
def open_desk(shell: Shell) -> Generator[Desk]:
    """Give the desk of the institution that the settings name."""
    with open_evidence(shell) as evidence:
        yield Desk(evidence)


by_option = click.option("--by", "actor", default="", help="Who does it.")
reason_option = click.option("--reason", default="", help="Why.")
command_option = click.option(
    "--command",
    "chosen",
    type=click.UUID,
    metavar="UUID",
    help="Choose the id of this command: asked twice, it is done once.",
)


def step_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the applications it is about, and who asks for it when and why."""
    for option in (
        command_options,
        command_option,
        reason_option,
        by_option,
        on_day,
        click.option("--all", "stage", type=click.Choice([each.value for each in Stage]),
                     help="All applications of this stage, instead of naming them."),
        click.argument("applications", metavar="[APPLICATION]...", nargs=-1, type=application_id),
    ):  # fmt: skip
        command = option(command)
    return command


def commands_of(  # noqa: PLR0913 - one for each option
    desk: Desk,
    kind: type[C],
    /,
    *,
    applications: tuple[UUID, ...],
    stage: str | None,
    on: date | None,
    actor: str,
    reason: str,
    chosen: UUID | None,
    **rest: Any,  # what commands of this kind have of their own
) -> list[C]:
    """Return a command for each application that is meant.

    Raises:
        click.UsageError: none is named, or both names and a stage.
    """
    if bool(applications) == bool(stage):
        raise click.UsageError("name applications, or all of a stage with --all")
    if stage is not None:
        found = list_applications(desk, stage=Stage(stage), most=ALL_MOST)
        applications = tuple(each.application_id for each in found)
    first = chosen or new_id()
    return [
        kind(
            application_id=each,
            on=on or today(),
            actor=actor,
            reason=reason,
            command_id=derive_id("karez.application.command", str(first), str(each)),
            **rest,
        )
        for each in applications
    ]


def show_outcomes(
    shell: Shell,
    desk: Desk,
    outcomes: Sequence[Outcome],
    *,
    preview: bool = False,
    labels: tuple[str, ...] | None = None,
) -> None:
    """Show what became of applications, name the refused on the error channel, and end.

    One application by itself is shown as a page, with the paragraphs of these ``labels``: all where
    there is none, and no page where they are None.
    """
    found = [outcome.application for outcome in outcomes if outcome.application is not None]
    parties = parties_of(found, desk)
    documents = [_document(parties, outcome) for outcome in outcomes]
    rows = [
        summary(outcome.application, parties)
        for outcome in outcomes
        if outcome.error is None and outcome.application is not None
    ]
    for outcome in outcomes:
        if outcome.error is not None and not shell.as_json:
            say(outcome.error, as_json=False)
    lines: list[str] = []
    if len(outcomes) == 1 and labels is not None and outcomes[0].error is None:
        lines = page(outcomes[0].one(), parties, *labels)
    elif rows:
        lines = table(HEADINGS, rows)
    if preview:
        lines.append("Nothing is kept.")
    shell.show({"applications": documents, "preview": preview}, lines)
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    exit_with(exit_code_for(errors))


def _document(parties: Parties, outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = {"already": outcome.already}
    if outcome.application is not None:
        found |= application_document(outcome.application, parties)
    if outcome.error is not None:
        found["error"] = outcome.error.as_dict()
    return found
