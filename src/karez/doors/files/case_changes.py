"""Changes of a loan's terms in a case, made events of a loan."""

from __future__ import annotations

from typing import Any, cast

from karez.doors.files import case_terms
from karez.doors.files.case_errors import Fields
from karez.doors.files.case_story import Story
from karez.engines.servicing.events import (
    DueDateMove,
    Extension,
    InterestPause,
    RateChange,
    ReAge,
    ReAgeInterest,
    ReAmortise,
    ReAmortiseInterest,
)

_REAGE = {
    "DEFAULT": ReAgeInterest.DEFAULT,
    "EQUAL_AMORTIZATION_PAYABLE_INTEREST": ReAgeInterest.EQUAL_PAYABLE,
    "EQUAL_AMORTIZATION_FULL_INTEREST": ReAgeInterest.EQUAL_FULL,
}
_REAMORTISE = {
    "DEFAULT": ReAmortiseInterest.DEFAULT,
    "EQUAL_AMORTIZATION_INTEREST_SPLIT": ReAmortiseInterest.EQUAL_SPLIT,
}


def pause_interest(story: Story, event: Fields) -> None:
    """Let no interest run between two days."""
    story.record(InterestPause, event.day("start"), until=event.day("end"))


def update_pause(story: Story, event: Fields) -> None:
    """Move the last pause of interest."""
    story.undo_last(InterestPause, event)
    pause_interest(story, event)


def _tables(event: Fields) -> list[Fields]:
    rows = event.get("rows")
    if not isinstance(rows, list) or not rows:
        raise event.broken("rows", "it must be a list of at least one row")
    return [Fields(event.case, f"{event.name}.rows", row) for row in cast("list[Any]", rows)]  # pyright: ignore[reportUnknownVariableType]


def re_age_of(story: Story, event: Fields) -> ReAge:
    """Return the re-age that an event of a case asks for: as of today, or of its past first day."""
    row = _tables(event)[0]
    first_due = row.day("startDate")
    return ReAge(
        number=story.number,
        on=min(story.today, first_due),
        posted_on=story.today,
        first_due=first_due,
        instalments=row.whole("numberOfInstallments"),
        every=row.whole("frequencyNumber"),
        unit=row.choice("frequencyType", case_terms.UNITS),
        interest=row.choice("reAgeInterestHandling", _REAGE, ReAgeInterest.DEFAULT),
    )


def re_age(story: Story, event: Fields) -> None:
    """Give the open amount a new schedule."""
    story.add(re_age_of(story, event))


def re_amortise_of(story: Story, event: Fields) -> ReAmortise:
    """Return the re-amortisation that an event of a case asks for, as of today."""
    rows = event.get("rows")
    row = _tables(event)[0] if rows else event
    field = "reAmortizationInterestHandling" if rows else "interest_handling"
    return ReAmortise(
        number=story.number,
        on=story.today,
        posted_on=story.today,
        interest=row.choice(field, _REAMORTISE, ReAmortiseInterest.DEFAULT),
    )


def re_amortise(story: Story, event: Fields) -> None:
    """Spread overdue principal over later instalments."""
    story.add(re_amortise_of(story, event))


def reschedule(story: Story, event: Fields) -> None:
    """Move a due date, add instalments or change the rate, as rows of the event say."""
    for row in _tables(event):
        since = row.day("rescheduleFromDate")
        if row.get("adjustedDueDate"):
            story.record(DueDateMove, since, to=row.day("adjustedDueDate"))
        if row.get("extraTerms"):
            story.record(Extension, since, instalments=row.whole("extraTerms"))
        if row.get("newInterestRate"):
            story.record(
                RateChange,
                since,
                rate_pct_year=case_terms.rate_of(row.number("newInterestRate"), story.fields),
            )


def reschedule_batch(story: Story, event: Fields) -> None:
    """Move a due date that is shared by many loans."""
    story.record(DueDateMove, event.day("from"), to=event.day("to"))


def set_allocation(story: Story, event: Fields) -> None:
    """Change the product's rule for advance payments."""
    # Rules belong to the product until a loan is made of it.
    if not story.created:
        future = event.choice("future_rule", case_terms.FUTURE)
        story.terms = case_terms.with_future_rule(story.terms, event.text("kind"), future)
