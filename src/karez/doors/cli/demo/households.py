"""The households of a made-up county: each week those who need money apply, step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import attrs

from karez.doors.cli.demo.lender import BANK
from karez.doors.cli.demo.life import Life
from karez.doors.cli.demo.setting import Setting
from karez.doors.cli.demo.story import Story
from karez.engines.county import County, Need, Wish, draw_wishes
from karez.services.bookkeeping import derive_id
from karez.services.consent import Consent, Mode, Period, grant
from karez.services.evidence import Evidence
from karez.services.lending.store import load_loans
from karez.services.origination import (
    Acceptance,
    Application,
    Choice,
    Command,
    Desk,
    Outcome,
    Payout,
    Proposal,
    Stage,
    Submission,
    Vote,
    accept,
    assess,
    book,
    decide,
    list_applications,
    offer,
    submit,
    vote,
)
from karez.services.parties import Kind, Party, TieKind, read_parties, record_parties, tie
from karez.services.products import TermSheet, catalogue_text, read_sheet

PRODUCTS = {
    Need.HARVEST: "harvest-loan",
    Need.SCHOOL: "school-fee-loan",
    Need.EMERGENCY: "emergency-loan",
    Need.TRADE: "group-loan",
}
GROUP_SIZE = 6
_DESK, _SCHOOL, _FRIDAY, _MOST = "desk", "id:SCHOOL", 4, 100_000
_WISHING_DAYS = 731
_VOTERS = ("head of branch", "second officer", "third officer")


@attrs.define
class Households:
    """Who comes when, and the desk at which they are served."""

    county: County
    desk: Desk
    life: Life
    wishes: Sequence[Wish]
    sheets: dict[Need, TermSheet]
    refused: Counter[str] = attrs.field(factory=Counter[str])

    @classmethod
    def of(cls, county: County, evidence: Evidence, life: Life, setting: Setting) -> Households:
        """Register all households, and let those loans live on that they have already."""
        sheets = {
            need: read_sheet(catalogue_text(code), f"{code}.toml")
            for need, code in PRODUCTS.items()
        }
        wishes = draw_wishes(county, setting.first, _WISHING_DAYS)
        found = cls(county, Desk(evidence), life, wishes, sheets)
        found.register(setting.as_of)
        found._take_in(list_applications(found.desk, stage=Stage.BOOKED, most=_MOST))
        return found

    def register(self, on: date) -> None:
        """Record households, groups and a school; what is recorded already stays."""
        people, books = self.county.households, self.desk.books
        count = len(people.ids)
        parties = [Party(Kind.FIRM, "County School", (_SCHOOL,), industry="education")]
        for place, name in enumerate(people.names):
            given, family = name.split()
            town = self.county.towns[int(people.town[place])]
            trade = "farming" if people.farms[place] else "household"
            key = (_key(place),)
            parties.append(Party(Kind.PERSON, family, key, given, place=town, industry=trade))
        parties += [
            Party(Kind.GROUP, f"Neighbours {place // GROUP_SIZE + 1}", (_group(place),))
            for place in range(0, count, GROUP_SIZE)
        ]
        record_parties(books, parties, actor=_DESK)
        for place in range(count):
            tie(books, _key(place), TieKind.MEMBER_OF, _group(place), on=on, actor=_DESK)
            grant(books, self._consent(_key(place), on), consent_id=derive_id("demo", _key(place)))

    def _consent(self, grantor: str, on: date) -> Consent:
        """Return what a household lets the lender read, for as long as the story lasts."""
        return Consent(
            grantor=grantor,
            receiver=self.desk.name,
            purposes=("underwriting",),
            scopes=("TRANSACTIONS",),
            series=("facts",),
            modes=(Mode.VIEW,),
            starts_at=datetime(on.year, 1, 1, tzinfo=UTC),
            ends_at=datetime(2100, 1, 1, tzinfo=UTC),
            range_from=on - timedelta(731),
            range_to=on + timedelta(731),
            data_life_days=180,
            uses_most=4,
            uses_period=Period.DAY,
        )

    def serve(self, day: date) -> None:
        """Serve whoever came in the week that ends with this day, if it is a Friday."""
        week = [wish for wish in self.wishes if day - timedelta(7) < wish.on <= day]
        if day.weekday() != _FRIDAY or not week:
            return
        desk = self.desk
        going = self._passed(submit(desk, [self._submission(wish, day) for wish in week]))
        going = self._passed(assess(desk, _each(Command, going, day, "assess"), None))
        self._vote(going, day)
        going = self._passed(decide(desk, _each(Choice, going, day, "decide")))
        going = [application for application in going if application.stage is Stage.APPROVED]
        going = self._passed(offer(desk, _each(Proposal, going, day, "offer")))
        going = self._passed(
            accept(desk, _each(Acceptance, going, day, "accept", evidence="signed"))
        )
        self._take_in(self._passed(book(desk, _each(Payout, going, day, "book", channel=BANK))))

    def _take_in(self, applications: Sequence[Application]) -> None:
        people, books = self.county.households, self.desk.books
        numbers = [each.booked.loan_number for each in applications if each.booked is not None]
        if not numbers:
            return
        with books.transaction() as connection:
            loans = load_loans(connection, numbers)
            known = read_parties(connection, {loan.borrower_id for loan in loans.values()})
        places = [int(known[loan.borrower_id].key[len("id:P") :]) - 1 for loan in loans.values()]
        pd_year = [float(people.pd_year[place]) for place in places]
        self.life.take_in(list(loans.values()), pd_year)

    def tell(self, story: Story) -> None:
        """Tell how many were served, and why others were not."""
        booked = len(list_applications(self.desk, stage=Stage.BOOKED, most=_MOST))
        story.fact(
            "households", booked,
            f"{booked:,} of {len(self.wishes):,} wishes of households became loans, by the steps of"
            " each product.",
        )  # fmt: skip
        for code, count in self.refused.most_common():
            story.say(f"  {count:,} were turned away: {code}")

    def _submission(self, wish: Wish, day: date) -> Submission:
        sheet, people = self.sheets[wish.need], self.county.households
        amount = sheet.amount
        wanted = min(max(wish.amount_minor, amount.least_minor), amount.most_minor)
        guarantor = (wish.household + 1) % len(people.ids)
        school = wish.need is Need.SCHOOL
        name = f"{_key(wish.household)} {wish.on}"
        return Submission(
            application_id=derive_id("demo", "application", name),
            command_id=derive_id("demo", "submit", name),
            on=day,
            actor=_DESK,
            product=sheet.code,
            borrower=_key(wish.household),
            amount_minor=wanted // amount.step_minor * amount.step_minor,
            instalments=sheet.instalments.most,
            purpose=wish.need.value,
            officer=self.county.towns[int(people.town[wish.household])],
            guarantors=(_key(guarantor),) if school else (),
            group=_group(wish.household) if sheet.group else "",
            supplier=_SCHOOL if school else "",
            supplier_invoice=f"fees {wish.on.year}" if school else "",
            said={"months_known": "36"},
        )

    def _vote(self, applications: Sequence[Application], day: date) -> None:
        """Let as many people vote as the committee of each application needs."""
        votes = [
            Vote(
                application_id=application.application_id,
                on=day,
                actor=voter,
                reason="known to us, and the purpose is sound",
                approve=True,
                command_id=derive_id("demo", voter, str(application.application_id)),
            )
            for application in applications
            if application.priced is not None and application.priced.route == "refer"
            for voter in _VOTERS[: application.priced.votes]
        ]
        self._passed(vote(self.desk, votes))

    def _passed(self, outcomes: Sequence[Outcome]) -> list[Application]:
        """Return the applications that went on, and count why others did not."""
        for outcome in outcomes:
            if outcome.error is not None:
                self.refused[outcome.error.code] += 1
        return [
            outcome.application
            for outcome in outcomes
            if outcome.error is None and outcome.application is not None
        ]


def _key(place: int) -> str:
    return f"id:P{place + 1:04}"


def _group(place: int) -> str:
    return f"id:G{place // GROUP_SIZE + 1:03}"


C = TypeVar("C", bound=Command)


def _each(
    kind: type[C], applications: Sequence[Application], day: date, what: str, **more: str
) -> list[C]:
    """Return the same command for each application, with an id that follows from both."""
    return [
        kind(
            application_id=each.application_id,
            on=day,
            actor=_DESK,
            reason="by the product's policy",
            command_id=derive_id("demo", what, str(each.application_id)),
            **more,
        )
        for each in applications
    ]
