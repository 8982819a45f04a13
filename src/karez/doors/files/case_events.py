"""The events of a case, one after another, made events of a loan."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from karez.doors.files import case_changes, case_charges, case_terms
from karez.doors.files.case_errors import Fields
from karez.doors.files.case_story import Story
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
    Event,
    InterestRefund,
    Payment,
    ReAge,
    ReAmortise,
    Undo,
    WriteOff,
)
from karez.engines.servicing.fold import fold, in_force
from karez.engines.servicing.quote import automatic_down_payment, payoff_minor
from karez.engines.servicing.terms import PaymentKind, Tranche

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
_MONEY_EVENTS = (Disbursement, Payment, InterestRefund, Chargeback, CreditBalanceRefund)


def _nothing(_story: Story, _event: Fields) -> None:
    return


def _business_date(story: Story, event: Fields) -> None:
    story.today = event.day("date")


def _create(story: Story, _event: Fields) -> None:
    story.created = True
    for word in story.product_charges:
        basis = case_charges.basis_of(story.fields, word)
        story.record(
            Charge,
            story.today,
            penalty=False,
            amount_minor=case_charges.FLAT * 10**story.terms.decimals
            if basis is ChargeBasis.FLAT
            else 0,
            pct=Decimal(0) if basis is ChargeBasis.FLAT else case_charges.PCTS[basis],
            basis=basis,
            time=ChargeTime.EACH_INSTALMENT,
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
    gives_back = (
        kind in story.terms.refunds_interest if wanted is None else event.flag("interest_refund")
    )
    if gives_back:
        _refund_interest(story, payment, None)


def _refund_interest(story: Story, payment: Event, amount: int | None) -> None:
    story.record(InterestRefund, payment.on, belongs_to=payment.number, amount_minor=amount)


def _manual_refund(story: Story, event: Fields) -> None:
    kind = event.choice("kind", case_terms.KINDS)
    found = [one for one in in_force(story.events) if isinstance(one, Payment) and one.kind is kind]
    if not found:
        raise event.broken("kind", "there must be such a refund before")
    _refund_interest(story, found[-1], event.amount("amount", story.terms.decimals))


def _payoff(story: Story, event: Fields) -> None:
    on = event.day("date")
    amount = payoff_minor(fold(story.terms, story.events, as_of=on), on)
    if amount > 0:
        story.record(Payment, on, amount_minor=amount)


def _bring_up(story: Story, _event: Fields) -> None:
    story.as_of = story.today


def _undo_transaction(story: Story, event: Fields) -> None:
    """Undo a transaction of a day: the n-th of its kind, counting those that are undone already.

    A count without a kind also counts accruals, which are no events here: the last is meant if
    there are fewer.
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
    return lambda story, event: story.undo_last(kind, event)


def _undo_last_disbursal(story: Story, event: Fields) -> None:
    found = story.last(Disbursement)
    if found is None:
        raise event.broken("type", "there must be a disbursement to undo")
    for later in in_force(story.events):
        if later.number > found.number and later.on >= found.on and isinstance(later, Payment):
            story.undo(later)
    story.undo(found)


def _add_tranche(story: Story, event: Fields) -> None:
    story.tranches.append(Tranche(event.day("date"), event.amount("amount", story.terms.decimals)))


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
    story.record(
        Chargeback,
        story.today,
        amount_minor=event.amount("amount", story.terms.decimals),
        payment=payment.number,
    )


def _amount_on(kind: type) -> Callable[[Story, Fields], None]:
    def happen(story: Story, event: Fields) -> None:
        story.record(
            kind, event.day("date"), amount_minor=event.amount("amount", story.terms.decimals)
        )

    return happen


def _adjust_income(story: Story, event: Fields) -> None:
    story.record(
        Payment,
        event.day("date"),
        amount_minor=event.amount("amount", story.terms.decimals),
        kind=PaymentKind.CAPITALISED_INCOME_ADJUSTMENT,
    )


def _on_day(kind: type) -> Callable[[Story, Fields], None]:
    def happen(story: Story, event: Fields) -> None:
        on = event.day("date") if event.get("date") else story.today
        story.record(kind, on)

    return happen


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
    "add_charge": case_charges.add_charge,
    "add_nsf_fee": case_charges.add_nsf_fee,
    "add_installment_charge": case_charges.add_instalment_charge,
    "add_percent_charge": case_charges.add_instalment_charge,
    "add_processing_charge": case_charges.add_processing_charge,
    "config_charge": case_charges.charge_at_disbursement,
    "waive_charge": case_charges.waive_charge,
    "undo_waive_charge": _undo_last(ChargeWaiver),
    "charge_adjustment": case_charges.adjust_charge,
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
    "interest_pause": case_changes.pause_interest,
    "update_interest_pause": case_changes.update_pause,
    "reage": case_changes.re_age,
    "reage_preview_request": _nothing,
    "undo_reage": _undo_last(ReAge),
    "reamortize": case_changes.re_amortise,
    "reamortize_preview_request": _nothing,
    "undo_reamortize": _undo_last(ReAmortise),
    "reschedule": case_changes.reschedule,
    "reschedule_batch": case_changes.reschedule_batch,
    "set_product_allocation": case_changes.set_allocation,
    "global_config": _nothing,
    "set_fraud": _nothing,
    "add_tranche": _add_tranche,
    "asset_transfer": _nothing,
    "raw": _nothing,
}


def tell(story: Story, event: Fields) -> None:
    """Let one event of a case happen.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
    """
    happen = _HAPPENS.get(event.text("type"))
    if happen is None:
        raise event.broken("type", f"the events known are {', '.join(_HAPPENS)}")
    happen(story, event)
