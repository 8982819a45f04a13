"""The events of a case, one after another, made events of a loan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from karez.doors.files import case_terms
from karez.doors.files.case_errors import Fields
from karez.engines.servicing.account import Account
from karez.engines.servicing.events import (
    BuyDownFee,
    BuyDownFeeAdjustment,
    CapitalisedIncome,
    Charge,
    Chargeback,
    ChargeBasis,
    ChargeOff,
    ChargeTime,
    ChargeWaiver,
    ContractTermination,
    CreditBalanceRefund,
    Disbursement,
    DueDateMove,
    Event,
    Extension,
    InterestPause,
    InterestRefund,
    Payment,
    RateChange,
    ReAge,
    ReAgeInterest,
    ReAmortise,
    ReAmortiseInterest,
    Undo,
    WriteOff,
)
from karez.engines.servicing.fold import fold, in_force
from karez.engines.servicing.quote import automatic_down_payment, payoff_minor
from karez.engines.servicing.terms import PaymentKind, Terms, Tranche

_BASES = {
    "FLAT": ChargeBasis.FLAT,
    "PERCENTAGE_AMOUNT": ChargeBasis.PRINCIPAL,
    "PERCENTAGE_DISBURSEMENT_AMOUNT": ChargeBasis.PRINCIPAL,
    "PERCENTAGE_INTEREST": ChargeBasis.INTEREST,
    "PERCENTAGE_LOAN_AMOUNT_PLUS_INTEREST": ChargeBasis.PRINCIPAL_AND_INTEREST,
    "PERCENTAGE_AMOUNT_PLUS_INTEREST": ChargeBasis.PRINCIPAL_AND_INTEREST,
}
# What a charge of a product comes to where the file says only its name.
_FLAT = 10
_PCTS = {
    ChargeBasis.PRINCIPAL: Decimal(1),
    ChargeBasis.INTEREST: Decimal(5),
    ChargeBasis.PRINCIPAL_AND_INTEREST: Decimal(1),
}
_PENALTIES = {"LOAN_NSF_FEE"}
_LABELS = {
    "Repayment": PaymentKind.REPAYMENT,
    "Down Payment": PaymentKind.DOWN_PAYMENT,
    "Merchant Issued Refund": PaymentKind.MERCHANT_REFUND,
    "Payout Refund": PaymentKind.PAYOUT_REFUND,
    "Goodwill Credit": PaymentKind.GOODWILL_CREDIT,
    "Interest Payment Waiver": PaymentKind.INTEREST_PAYMENT_WAIVER,
    "Charge Adjustment": PaymentKind.CHARGE_ADJUSTMENT,
    "Capitalized Income Adjustment": PaymentKind.CAPITALISED_INCOME_ADJUSTMENT,
}
_CLASSES: dict[str, type[Event]] = {
    "Interest Refund": InterestRefund,
    "Capitalized Income": CapitalisedIncome,
    "Buy Down Fee": BuyDownFee,
    "Buy Down Fee Adjustment": BuyDownFeeAdjustment,
    "Disbursement": Disbursement,
    "Chargeback": Chargeback,
    "Credit Balance Refund": CreditBalanceRefund,
}
_REAGE = {
    "DEFAULT": ReAgeInterest.DEFAULT,
    "EQUAL_AMORTIZATION_PAYABLE_INTEREST": ReAgeInterest.EQUAL_PAYABLE,
    "EQUAL_AMORTIZATION_FULL_INTEREST": ReAgeInterest.EQUAL_FULL,
}
_REAMORTISE = {
    "DEFAULT": ReAmortiseInterest.DEFAULT,
    "EQUAL_AMORTIZATION_INTEREST_SPLIT": ReAmortiseInterest.EQUAL_SPLIT,
}
_MONEY_EVENTS = (Disbursement, Payment, InterestRefund, Chargeback, CreditBalanceRefund)


class Story:
    """What has happened so far in a case, and the loan that follows from it."""

    def __init__(self, terms: Terms, fields: Fields, added: Sequence[Tranche] = ()) -> None:
        """Begin a story; tranches that are added later were not the loan's own."""
        self.terms = terms
        self.fields = fields
        self.today = date.min
        self.as_of = date.min
        self.events: list[Event] = []
        self.at_payout: list[Charge] = []
        self.expected_on = fields.day("expected_disbursement_date")
        self.principal = fields.amount("principal", terms.decimals)
        self.created = False
        self.product_charges: list[str] = []
        self.dated_charge: int | None = None  # the last charge that was added for a day
        self.tranches = [tranche for tranche in terms.tranches if tranche not in added]

    def tell(self, event: Fields) -> None:
        """Let one event of the case happen."""
        kind = event.text("type")
        happen = _HAPPENS.get(kind)
        if happen is None:
            raise event.broken("type", f"the events known are {', '.join(_HAPPENS)}")
        happen(self, event)

    def loan(self, *extra: Event) -> Account:
        """Return the loan as it was last brought up to date, with events that are only tried."""
        events = [*self.events, *extra]
        if not any(isinstance(event, Disbursement) for event in in_force(events)):
            return self.foreseen()
        return fold(self.terms, events, as_of=self.as_of)

    def foreseen(self) -> Account:
        """Return the loan as it is expected to be paid out."""
        tranches = self.tranches or [Tranche(self.expected_on, self.principal)]
        kept = [event for event in in_force(self.events) if isinstance(event, Charge)]
        events: list[Event] = [*self.at_payout, *kept]
        number = max((event.number for event in events), default=0)
        for tranche in tranches:
            number += 1
            events.append(
                Disbursement(
                    number=number,
                    on=tranche.on,
                    posted_on=tranche.on,
                    amount_minor=tranche.amount_minor,
                )
            )
        return fold(self.terms, events, as_of=min(tranche.on for tranche in tranches))

    def to_come(self) -> list[Tranche]:
        """Return the tranches that are expected after today, once the first has gone out."""
        if not any(isinstance(event, Disbursement) for event in in_force(self.events)):
            return []
        begun = min(one.on for one in in_force(self.events) if isinstance(one, Disbursement))
        return [
            tranche
            for tranche in self.tranches
            if tranche.on >= self.today and tranche.on > begun
        ]

    @property
    def number(self) -> int:
        """The number of the next event."""
        return len(self.events) + len(self.at_payout) + 1

    def add(self, event: Event) -> None:
        """Let an event be part of the story, and the loan be brought up to today."""
        self.events.append(event)
        self.as_of = self.today

    def last(self, kind: type[Event]) -> Event | None:
        """Return the last event of a kind that nobody has undone."""
        found = [event for event in in_force(self.events) if isinstance(event, kind)]
        return max(found, key=lambda event: event.number) if found else None

    def undo(self, event: Event) -> None:
        """Take an event back."""
        self.add(
            Undo(number=self.number, on=self.today, posted_on=self.today, undone=event.number)
        )


def _nothing(_story: Story, _event: Fields) -> None:
    return


def _business_date(story: Story, event: Fields) -> None:
    story.today = event.day("date")


def _create(story: Story, _event: Fields) -> None:
    story.created = True
    for word in story.product_charges:
        basis = basis_of(story.fields, word)
        story.add(
            Charge(
                number=story.number,
                on=story.today,
                posted_on=story.today,
                penalty=False,
                amount_minor=_FLAT * 10**story.terms.decimals if basis is ChargeBasis.FLAT else 0,
                pct=Decimal(0) if basis is ChargeBasis.FLAT else _PCTS[basis],
                basis=basis,
                time=ChargeTime.EACH_INSTALMENT,
            )
        )
    story.as_of = story.today


def _approve(story: Story, event: Fields) -> None:
    if event.get("expected_disbursement_date"):
        story.expected_on = event.day("expected_disbursement_date")
    story.principal = event.amount("amount", story.terms.decimals)


def _disburse(story: Story, event: Fields) -> None:
    out = Disbursement(
        number=story.number,
        on=event.day("date"),
        posted_on=story.today,
        amount_minor=event.amount("amount", story.terms.decimals),
    )
    known = next((one for one in story.tranches if one.on == out.on), None)
    if known is not None:
        story.tranches.remove(known)
    before = 0
    if any(isinstance(one, Disbursement) for one in in_force(story.events)):
        before = fold(story.terms, story.events, as_of=story.today).overpaid
    story.add(out)
    down = automatic_down_payment(story.terms, out, story.number, before)
    if down is not None:
        story.add(down)


def _transaction(story: Story, event: Fields) -> None:
    kind = event.choice("kind", case_terms.KINDS, PaymentKind.REPAYMENT)
    payment = Payment(
        number=story.number,
        on=event.day("date"),
        posted_on=story.today,
        amount_minor=event.amount("amount", story.terms.decimals),
        kind=kind,
    )
    story.add(payment)
    wanted = event.get("interest_refund")
    gives_back = kind in story.terms.refunds_interest if wanted is None else event.flag("interest_refund")
    if gives_back:
        _refund_interest(story, payment, None)


def _refund_interest(story: Story, payment: Event, amount: int | None) -> None:
    story.add(
        InterestRefund(
            number=story.number,
            on=payment.on,
            posted_on=story.today,
            belongs_to=payment.number,
            amount_minor=amount,
        )
    )


def _manual_refund(story: Story, event: Fields) -> None:
    kind = event.choice("kind", case_terms.KINDS)
    found = [
        one for one in in_force(story.events) if isinstance(one, Payment) and one.kind is kind
    ]
    if not found:
        raise event.broken("kind", "there must be such a refund before")
    _refund_interest(story, found[-1], event.amount("amount", story.terms.decimals))


def _payoff(story: Story, event: Fields) -> None:
    on = event.day("date")
    amount = payoff_minor(fold(story.terms, story.events, as_of=on), on)
    if amount > 0:
        story.add(Payment(number=story.number, on=on, posted_on=story.today, amount_minor=amount))


def _bring_up(story: Story, _event: Fields) -> None:
    story.as_of = story.today


def _add_charge(story: Story, event: Fields) -> None:
    name = event.text("charge")
    story.dated_charge = story.number
    story.add(
        Charge(
            number=story.number,
            on=event.day("due_date"),
            posted_on=story.today,
            penalty=name in _PENALTIES,
            amount_minor=event.amount("amount", story.terms.decimals),
        )
    )


def _add_nsf(story: Story, event: Fields) -> None:
    amount = 10 * 10**story.terms.decimals
    story.add(
        Charge(
            number=story.number,
            on=event.day("date"),
            posted_on=story.today,
            penalty=True,
            amount_minor=amount,
        )
    )


def basis_of(event: Fields, name: str) -> ChargeBasis:
    """Return the basis that the name of a charge ends with."""
    for word in sorted(_BASES, key=len, reverse=True):
        if name.endswith(word):
            return _BASES[word]
    raise event.broken("charge", f"its name must end with one of {', '.join(_BASES)}")


def _add_instalment_charge(story: Story, event: Fields) -> None:
    basis = basis_of(event, event.text("charge"))
    field = "amount" if event.get("amount") is not None else "percent"
    flat = basis is ChargeBasis.FLAT
    story.add(
        Charge(
            number=story.number,
            on=story.today,
            posted_on=story.today,
            penalty=False,
            amount_minor=event.amount(field, story.terms.decimals) if flat else 0,
            pct=Decimal(0) if flat else event.number(field),
            basis=basis,
            time=ChargeTime.EACH_INSTALMENT,
        )
    )


def _config_charge(story: Story, event: Fields) -> None:
    basis = event.choice("calc", _BASES)
    flat = basis is ChargeBasis.FLAT
    each = event.get("calc") == "PERCENTAGE_DISBURSEMENT_AMOUNT"
    said, field = _charge_amount(story, event)
    story.add(
        Charge(
            number=story.number,
            on=story.expected_on,
            posted_on=story.expected_on,
            penalty=False,
            amount_minor=said.amount(field, story.terms.decimals) if flat else 0,
            pct=Decimal(0) if flat else said.number(field),
            basis=basis,
            time=ChargeTime.EACH_DISBURSEMENT if each else ChargeTime.AT_DISBURSEMENT,
        )
    )


def _charge_amount(story: Story, event: Fields) -> tuple[Fields, str]:
    """Return where the amount of a charge stands: the loan's own goes before the product's."""
    extra = story.fields.get("extra")
    if extra is not None:
        own = Fields(event.case, "terms.extra", extra)
        for field in ("charge amount %", "charge amount"):
            if own.get(field) is not None:
                return own, field
    return event, "percent"


def _processing_charge(story: Story, event: Fields) -> None:
    story.add(
        Charge(
            number=story.number,
            on=event.day("date"),
            posted_on=story.today,
            penalty=False,
            pct=event.number("percent"),
            basis=ChargeBasis.PRINCIPAL_AND_INTEREST,
        )
    )


def _waive_charge(story: Story, _event: Fields) -> None:
    last = story.last(Charge)
    number = story.dated_charge or (last.number if last is not None else None)
    if number is not None:
        story.add(
            ChargeWaiver(number=story.number, on=story.today, posted_on=story.today, charge=number)
        )


def _adjust_charge(story: Story, event: Fields) -> None:
    story.add(
        Payment(
            number=story.number,
            on=story.today,
            posted_on=story.today,
            amount_minor=event.amount("amount", story.terms.decimals),
            kind=PaymentKind.CHARGE_ADJUSTMENT,
        )
    )


def _undo_transaction(story: Story, event: Fields) -> None:
    """Undo a transaction of a day: the n-th of its kind, counting those that are undone already.

    A count without a kind also counts accruals, which are no events here: the last is meant if there
    are fewer.
    """
    on = event.day("date")
    label = event.get("kind")
    standing = in_force(story.events)
    among = standing if label is None else story.events
    found = [one for one in among if one.on == on and _is_labelled(one, label)]
    if not found:
        raise event.broken("date", "there must be such a transaction on that day")
    nth = min(event.whole("nth", default=1), len(found))
    if found[nth - 1] not in standing:
        raise event.broken("nth", "it must not be undone already")
    story.undo(found[nth - 1])


def _is_labelled(event: Event, label: object) -> bool:
    if label is None:
        return isinstance(event, _MONEY_EVENTS) and not isinstance(event, Disbursement)
    if isinstance(event, Payment):
        return event.kind is _LABELS.get(str(label))
    return isinstance(event, _CLASSES.get(str(label), Undo))


def _undo_last(kind: type[Event]) -> Callable[[Story, Fields], None]:
    def happen(story: Story, event: Fields) -> None:
        found = story.last(kind)
        if found is None:
            raise event.broken("type", "there must be something to undo")
        story.undo(found)

    return happen


def _undo_last_disbursal(story: Story, event: Fields) -> None:
    found = story.last(Disbursement)
    if found is None:
        raise event.broken("type", "there must be a disbursement to undo")
    for later in in_force(story.events):
        if later.number > found.number and later.on >= found.on and isinstance(later, Payment):
            story.undo(later)
    story.undo(found)


def _add_tranche(story: Story, event: Fields) -> None:
    story.tranches.append(
        Tranche(event.day("date"), event.amount("amount", story.terms.decimals))
    )


def _undo_disbursal(story: Story, _event: Fields) -> None:
    standing = in_force(story.events)
    if story.terms.tranches:
        story.tranches = [
            Tranche(one.on, one.amount_minor) for one in standing if isinstance(one, Disbursement)
        ]
    for event in standing:
        if not isinstance(event, Charge):
            story.undo(event)


def _chargeback(story: Story, event: Fields) -> None:
    payments = [
        one
        for one in in_force(story.events)
        if isinstance(one, Payment) and one.kind is PaymentKind.REPAYMENT
    ]
    if not payments:
        payments = [one for one in in_force(story.events) if isinstance(one, Payment)]
    if not payments:
        raise event.broken("payment_nr", "there must be a payment to charge back")
    if event.get("payment_nr") is None:
        payment = max(payments, key=lambda one: one.number)
    else:
        number = event.whole("payment_nr")
        if not 0 < number <= len(payments):
            raise event.broken("payment_nr", "there must be so many payments")
        payment = sorted(payments, key=lambda one: (one.on, one.number))[number - 1]
    story.add(
        Chargeback(
            number=story.number,
            on=story.today,
            posted_on=story.today,
            amount_minor=event.amount("amount", story.terms.decimals),
            payment=payment.number,
        )
    )


def _amount_on(kind: type) -> Callable[[Story, Fields], None]:
    def happen(story: Story, event: Fields) -> None:
        story.add(
            kind(
                number=story.number,
                on=event.day("date"),
                posted_on=story.today,
                amount_minor=event.amount("amount", story.terms.decimals),
            )
        )

    return happen


def _adjust_income(story: Story, event: Fields) -> None:
    story.add(
        Payment(
            number=story.number,
            on=event.day("date"),
            posted_on=story.today,
            amount_minor=event.amount("amount", story.terms.decimals),
            kind=PaymentKind.CAPITALISED_INCOME_ADJUSTMENT,
        )
    )


def _on_day(kind: type) -> Callable[[Story, Fields], None]:
    def happen(story: Story, event: Fields) -> None:
        on = event.day("date") if event.get("date") else story.today
        story.add(kind(number=story.number, on=on, posted_on=story.today))

    return happen


def _pause(story: Story, event: Fields) -> None:
    story.add(
        InterestPause(
            number=story.number,
            on=event.day("start"),
            posted_on=story.today,
            until=event.day("end"),
        )
    )


def _update_pause(story: Story, event: Fields) -> None:
    _undo_last(InterestPause)(story, event)
    _pause(story, event)


def _tables(event: Fields) -> list[Fields]:
    rows = event.get("rows")
    if not isinstance(rows, list) or not rows:
        raise event.broken("rows", "it must be a list of at least one row")
    return [Fields(event.case, f"{event.name}.rows", row) for row in rows]  # pyright: ignore[reportUnknownVariableType]


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


def _re_age(story: Story, event: Fields) -> None:
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


def _re_amortise(story: Story, event: Fields) -> None:
    story.add(re_amortise_of(story, event))


def _reschedule(story: Story, event: Fields) -> None:
    for row in _tables(event):
        since = row.day("rescheduleFromDate")
        if row.get("adjustedDueDate"):
            story.add(
                DueDateMove(
                    number=story.number,
                    on=since,
                    posted_on=story.today,
                    to=row.day("adjustedDueDate"),
                )
            )
        if row.get("extraTerms"):
            story.add(
                Extension(
                    number=story.number,
                    on=since,
                    posted_on=story.today,
                    instalments=row.whole("extraTerms"),
                )
            )
        if row.get("newInterestRate"):
            story.add(
                RateChange(
                    number=story.number,
                    on=since,
                    posted_on=story.today,
                    rate_pct_year=case_terms.rate_of(row.number("newInterestRate"), story.fields),
                )
            )


def _reschedule_batch(story: Story, event: Fields) -> None:
    story.add(
        DueDateMove(
            number=story.number,
            on=event.day("from"),
            posted_on=story.today,
            to=event.day("to"),
        )
    )


def _set_allocation(story: Story, event: Fields) -> None:
    # Rules belong to the product until a loan is made of it.
    if not story.created:
        future = event.choice("future_rule", case_terms.FUTURE)
        story.terms = case_terms.with_future_rule(story.terms, event.text("kind"), future)


def _job(story: Story, event: Fields) -> None:
    if event.get("name") == "Recalculate Interest for Loans":
        story.as_of = story.today


_HAPPENS: dict[str, Callable[[Story, Fields], None]] = {
    "business_date": _business_date,
    "create_loan": _create,
    "approve": _approve,
    "undo_approval": _nothing,
    "disburse": _disburse,
    "transaction": _transaction,
    "manual_interest_refund": _manual_refund,
    "payoff": _payoff,
    "cob_loan": _bring_up,
    "cob_all": _bring_up,
    "reprocess": _bring_up,
    "job": _job,
    "add_charge": _add_charge,
    "add_nsf_fee": _add_nsf,
    "add_installment_charge": _add_instalment_charge,
    "add_percent_charge": _add_instalment_charge,
    "add_processing_charge": _processing_charge,
    "config_charge": _config_charge,
    "waive_charge": _waive_charge,
    "undo_waive_charge": _undo_last(ChargeWaiver),
    "charge_adjustment": _adjust_charge,
    "undo_transaction": _undo_transaction,
    "undo_last_disbursal": _undo_last_disbursal,
    "undo_disbursal": _undo_disbursal,
    "chargeback": _chargeback,
    "credit_balance_refund": _amount_on(CreditBalanceRefund),
    "capitalized_income": _amount_on(CapitalisedIncome),
    "capitalized_income_adjustment": _adjust_income,
    "buy_down_fee": _amount_on(BuyDownFee),
    "buy_down_fee_adjustment": _amount_on(BuyDownFeeAdjustment),
    "charge_off": _on_day(ChargeOff),
    "undo_charge_off": _undo_last(ChargeOff),
    "contract_termination": _on_day(ContractTermination),
    "undo_contract_termination": _undo_last(ContractTermination),
    "write_off": _on_day(WriteOff),
    "interest_pause": _pause,
    "update_interest_pause": _update_pause,
    "reage": _re_age,
    "reage_preview_request": _nothing,
    "undo_reage": _undo_last(ReAge),
    "reamortize": _re_amortise,
    "reamortize_preview_request": _nothing,
    "undo_reamortize": _undo_last(ReAmortise),
    "reschedule": _reschedule,
    "reschedule_batch": _reschedule_batch,
    "set_product_allocation": _set_allocation,
    "global_config": _nothing,
    "set_fraud": _nothing,
    "add_tranche": _add_tranche,
    "asset_transfer": _nothing,
    "raw": _nothing,
}
