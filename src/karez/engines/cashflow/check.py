"""What terms must say to make a contract, told by field, value and rule."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from karez.engines.cashflow.codes import ROLE_SIGN, ContractType, Exposure
from karez.engines.cashflow.errors import TermMalformedError, TermMissingError, TermsContradictError
from karez.engines.cashflow.terms import Terms
from karez.kernel.money import currencies

_LOANS = frozenset(
    {
        ContractType.PAM, ContractType.LAM, ContractType.NAM, ContractType.ANN, ContractType.LAX,
        ContractType.CLM, ContractType.UMP, ContractType.SWPPV,
    }
)  # fmt: skip
_NOT_NEGATIVE = ("notional_principal", "next_principal_redemption_payment", "quantity", "fee_rate")


def check_terms(terms: Terms, *, follows_cases: bool) -> None:
    """Refuse terms that make no contract; ``follows_cases`` takes what the ACTUS cases leave out.

    Raises:
        TermMissingError, TermMalformedError, TermsContradictError.
    """
    if terms.contract_role not in ROLE_SIGN:
        known = ", ".join(ROLE_SIGN)
        _malformed(terms, "contract_role", terms.contract_role, f"it is one of {known}")
    if terms.currency not in currencies():
        _malformed(terms, "currency", terms.currency, "it is a code of ISO 4217, such as EUR")
    for name in _NOT_NEGATIVE:
        value: Decimal | None = getattr(terms, name)
        if value is not None and value < 0:
            _malformed(terms, name, value, "an amount is not negative; the role gives its sign")
    share = terms.coverage_of_credit_enhancement
    if share is not None and not 0 <= share <= 1:
        _malformed(terms, "coverage_of_credit_enhancement", share, "a share is from 0 to 1")
    if terms.guaranteed_exposure is Exposure.MV:
        rule = "it is NO or NI; nothing shows the market value of what is covered"
        _malformed(terms, "guaranteed_exposure", "MV", rule)
    if terms.contract_type in _LOANS:
        _check_loan(terms)
        if terms.has_begun and terms.accrued_interest is None and not follows_cases:
            _missing(
                terms, "accrued_interest",
                "a contract that began before its status date says what had accrued by then",
            )  # fmt: skip


def _check_loan(terms: Terms) -> None:
    begins = terms.initial_exchange_date
    if begins is None:
        _missing(terms, "initial_exchange_date", "a loan or a deposit begins on a date")
        return
    if terms.notional_principal is None:
        _missing(terms, "notional_principal", "a loan or a deposit has a principal")
    _after(terms, "maturity_date", begins, "it must come after the initial exchange")
    _after(terms, "amortization_date", begins, "it must come after the initial exchange")
    _after(terms, "termination_date", terms.status_date, "it must come after the status date")


def _after(terms: Terms, name: str, before: datetime, rule: str) -> None:
    when: datetime | None = getattr(terms, name)
    if when is not None and when <= before:
        raise TermsContradictError(
            contract=terms.contract_id, field=camel(name), value=when.isoformat(), rule=rule
        )


def camel(name: str) -> str:
    """Return a field's name as the ACTUS test layout writes it."""
    first, *rest = name.split("_")
    written = first + "".join(word.capitalize() for word in rest)
    return written.replace("AtIed", "AtIED").replace("contractId", "contractID")


def _malformed(terms: Terms, name: str, value: Any, rule: str) -> None:
    raise TermMalformedError(
        contract=terms.contract_id, field=camel(name), value=str(value), rule=rule
    )


def _missing(terms: Terms, name: str, rule: str) -> None:
    raise TermMissingError(contract=terms.contract_id, field=camel(name), rule=rule)
