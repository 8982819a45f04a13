"""Ask: one application, its events, lists of them, and whether all of it agrees with itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

import attrs

from karez.kernel.errors import KarezError
from karez.kernel.finding import Findings
from karez.kernel.ids import show_id
from karez.services.origination.application import Application, Stage, fold
from karez.services.origination.desk import QUERIES, Desk, read_applications, read_events
from karez.services.origination.errors import ApplicationNotFoundError
from karez.services.origination.event import Event
from karez.services.parties import parties_named

_AT_A_TIME = 2_000


@attrs.define
class Verification(Findings):
    """How many applications were folded again, and what disagrees."""

    applications: int = 0


def find_application(desk: Desk, application_id: UUID) -> Application:
    """Return an application as it stands.

    Raises:
        ApplicationNotFoundError: there is none.
    """
    with desk.evidence.transaction() as connection:
        found = read_applications(connection, [application_id])
    if application_id not in found:
        raise ApplicationNotFoundError(application=show_id("app", application_id))
    return found[application_id]


def list_events(desk: Desk, application_id: UUID) -> list[Event]:
    """Return what happened to an application, in order; none of one that is not there."""
    with desk.evidence.transaction() as connection:
        return read_events(connection, [application_id]).get(application_id, [])


def list_applications(  # noqa: PLR0913 - one for each thing they are found by
    desk: Desk,
    *,
    stage: Stage | None = None,
    product: str | None = None,
    officer: str | None = None,
    borrower: str | None = None,
    after: tuple[date, UUID] | None = None,
    most: int = 100,
) -> list[Application]:
    """Return applications, the latest first; those ``after`` the day and id of one of them.

    Raises:
        PartyNotFoundError: the borrower that is named is unknown.
    """
    with desk.evidence.transaction() as connection:
        borrowers = None
        if borrower is not None:
            borrowers = [parties_named(connection, [borrower])[borrower].party_id]
        asked = {
            "stage": stage, "product_code": product, "officer": officer,
            "borrower_ids": borrowers, "most": most,
            "after_on": after[0] if after else None, "after_id": after[1] if after else None,
        }  # fmt: skip
        ids = [row[0] for row in connection.execute(QUERIES["list_applications"].text, asked)]
        found = read_applications(connection, ids)
    return [found[application_id] for application_id in ids]


def verify(
    desk: Desk, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Verification:
    """Fold every application again, and name where what is kept beside its events disagrees."""
    report = Verification()
    with desk.evidence.transaction() as connection:
        heads = connection.execute(QUERIES["application_heads"].text).fetchall()
        report.applications = len(heads)
        for start in range(0, len(heads), _AT_A_TIME):
            part: Sequence[tuple[UUID, int, str, int]] = heads[start : start + _AT_A_TIME]
            events = read_events(connection, [row[0] for row in part])
            for application_id, *kept in part:
                shown = show_id("app", application_id)
                try:
                    folded = fold(events.get(application_id, []))
                except (AssertionError, KarezError, StopIteration) as fault:
                    report.find("fold", "application", shown, f"its events do not fit: {fault}")
                    continue
                found = [folded.amount_minor, str(folded.stage), folded.event_count]
                if kept != found:
                    report.find("fold", "application", shown, f"{kept} is kept, {found} is so")
            progress(min(start + _AT_A_TIME, len(heads)), len(heads))
    return report
