"""Cases of schedules: terms and events in, the rows of the schedule out at every checkpoint.

A case is an object with ``id``, ``terms``, ``product_settings``, ``events`` and ``checkpoints``. A
checkpoint says after which event a table is asked for; what rows it holds is never looked at.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from karez.doors.files.case_changes import re_age_of, re_amortise_of
from karez.doors.files.case_errors import CaseBrokenError, CaseFailedError, Fields
from karez.doors.files.case_events import tell
from karez.doors.files.case_rows import as_rows
from karez.doors.files.case_story import Story
from karez.doors.files.case_terms import read_terms
from karez.engines.servicing.account import Account
from karez.engines.servicing.terms import Tranche
from karez.kernel.errors import InvalidInputError, KarezError

Answer = dict[str, Any]
"""``after_event``, ``business_date`` and ``rows`` of one checkpoint."""


def read_cases(path: Path) -> list[Any]:
    """Return the cases of a JSON file, plain or compressed with gzip.

    Raises:
        CaseBrokenError: the file does not hold a list.
    """
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    cases = json.loads(raw, parse_float=str)
    if isinstance(cases, Mapping):
        cases = cast("Mapping[str, Any]", cases).get("cases")
    if not isinstance(cases, list):
        raise CaseBrokenError(case=path.name, field="cases", value="missing", rule="it is a list")
    return cast("list[Any]", cases)


def answer_cases(cases: Iterable[Any]) -> dict[str, list[Answer] | KarezError]:
    """Return for each case its tables in the order of its checkpoints, or what is wrong with it."""
    answers: dict[str, list[Answer] | KarezError] = {}
    for place, case in enumerate(cases, 1):
        name = f"number {place}"
        try:
            fields = Fields(name, "case", case)
            name = fields.text("id")
            while name in answers:
                name = f"{name} again"
            answers[name] = answer_case(case)
        except KarezError as error:
            answers[name] = error
        except Exception as fault:  # noqa: BLE001 - our own fault in one must not take the others
            answers[name] = CaseFailedError(case=name, reason=repr(fault))
    return answers


def answer_case(case: Mapping[str, Any]) -> list[Answer]:
    """Return the tables of one case.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
    """
    name = Fields("unnamed", "case", case).text("id")
    fields = Fields(name, "case", case)
    terms = Fields(name, "terms", fields.get("terms"))
    settings = Fields(name, "product_settings", fields.get("product_settings"))
    events = _list(fields, "events")
    try:
        made = read_terms(terms, settings)
    except InvalidInputError as error:
        raise _named(error, name, "terms") from None
    story = Story(made, terms, added_tranches(name, events, made.decimals))
    charges = settings.get("charges")
    if isinstance(charges, list):
        story.product_charges = [str(word) for word in cast("list[Any]", charges)]
    asked = _asked(fields)
    answers: dict[int, Answer] = {}
    for number, values in enumerate(events, 1):
        event = Fields(name, f"events[{number}]", values)
        try:
            tell(story, event)
            for place, after, kind in asked:
                if after == number:
                    answers[place] = _answer(story, event, after, kind)
        except KarezError as error:
            raise _named(error, name, event.name) from None
    return [answers[place] for place, _, _ in asked if place in answers]


def _answer(story: Story, event: Fields, after: int, kind: str) -> Answer:
    return {
        "after_event": after,
        "business_date": story.today.isoformat(),
        "rows": as_rows(
            _shown(story, event, kind),
            story.terms.decimals,
            story.to_come(),
            preview=kind.endswith("_preview"),
        ),
    }


def _named(error: KarezError, case: str, field: str) -> CaseBrokenError:
    """Return an error of the engine as one that names the case and where it went wrong."""
    if isinstance(error, CaseBrokenError):
        return error
    inner = error.details.get("field")
    value = error.details.get("value", "not possible")
    name = field if inner is None else f"{field}.{inner}"
    return CaseBrokenError(case=case, field=name, value=value, rule=str(error).rstrip("."))


def added_tranches(case: str, events: list[Any], decimals: int) -> list[Tranche]:
    """Return the tranches that events of a case add to the loan."""
    found = [Fields(case, f"events[{at}]", values) for at, values in enumerate(events, 1)]
    return [
        Tranche(event.day("date"), event.amount("amount", decimals))
        for event in found
        if event.get("type") == "add_tranche"
    ]


def _shown(story: Story, event: Fields, kind: str) -> Account:
    """Return the loan that a checkpoint after this event shows; a preview tries what it asks."""
    if kind == "reage_preview":
        return story.loan(re_age_of(story, event))
    if kind == "reamortize_preview":
        return story.loan(re_amortise_of(story, event))
    return story.loan()


def _asked(fields: Fields) -> list[tuple[int, int, str]]:
    """Return place, event and kind of the checkpoints that ask for a table, not for its totals."""
    asked: list[tuple[int, int, str]] = []
    for place, values in enumerate(_list(fields, "checkpoints")):
        checkpoint = Fields(fields.case, f"checkpoints[{place}]", values)
        kind = str(checkpoint.get("check") or "")
        if not kind.endswith("_total"):
            asked.append((place, checkpoint.whole("after_event"), kind))
    return asked


def _list(fields: Fields, name: str) -> list[Any]:
    found = fields.get(name)
    if not isinstance(found, list):
        raise fields.broken(name, "it must be a list")
    return cast("list[Any]", found)
