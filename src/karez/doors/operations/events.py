"""The operation that reads events: for those who missed some, or who ask instead of being told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from karez.doors.operations.operation import Call, Operation, Retry
from karez.doors.operations.shapes import PAGE, Input, Limit, Name, Output
from karez.services import outbox

Sequence = Annotated[
    int, msgspec.Meta(ge=0, lt=1 << 53, description="A place among all events; 0 is before all.")
]


class Happened(Output, kw_only=True):
    """An event, as webhooks bring it: its place among all, and among those of its object."""

    sequence: int
    id: str
    type: str
    subject: str
    objectsequence: int
    time: datetime
    data: dict[str, Any]


class EventPage(Output, kw_only=True):
    """Events in their order; ask next for what comes after the last."""

    events: list[Happened]
    last: Sequence


class EventsQuestion(Input, kw_only=True):
    """What came after a place: of one kind, of one object, or all."""

    after: Sequence = 0
    type: Name | None = None
    subject: Name | None = None
    limit: Limit = PAGE


def _list(call: Call, asked: EventsQuestion) -> EventPage:
    found = outbox.list_events(
        call.office.books, asked.after, kinds=None if asked.type is None else [asked.type],
        object=asked.subject, most=asked.limit,
    )  # fmt: skip
    events = [
        Happened(
            sequence=event.sequence,
            id=event.message_id,
            type=event.kind,
            subject=event.object,
            objectsequence=event.object_sequence,
            time=event.recorded_at,
            data=dict(event.data),
        )
        for event in found
    ]
    return EventPage(events=events, last=events[-1].sequence if events else asked.after)


OPERATIONS = (
    Operation(
        name="events.list",
        summary="List what happened since a place in the row of events.",
        method="GET",
        path="/v1/events",
        input=EventsQuestion,
        output=EventPage,
        run=_list,
        permission="webhooks.read",
        retry=Retry.READ,
    ),
)
