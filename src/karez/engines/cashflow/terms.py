"""The terms of a contract, by the names of the ACTUS dictionary."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs

from karez.engines.cashflow.codes import (
    ROLE_SIGN,
    BusinessDay,
    ContractType,
    DayCount,
    EndOfMonth,
    Exposure,
    FeeBasis,
    InterestBase,
    PenaltyType,
    PrepaymentEffect,
)
from karez.engines.cashflow.cycles import Cycle


def _term(acronym: str, meaning: str, default: Any = None) -> Any:
    """Declare a term: its acronym in the dictionary and what it means, for the reference page."""
    return attrs.field(default=default, metadata={"acronym": acronym, "meaning": meaning})


@attrs.frozen
class CoveredContract:
    """A contract that a guarantee or a pledge refers to: by its terms, or by its id alone."""

    contract_id: str
    terms: Terms | None
    is_covered: bool  # COVE: its default is covered; otherwise COVI: it is what covers


@attrs.frozen(kw_only=True)
class Terms:
    """What a contract says. Amounts are in the currency's units, rates are a year's, 0.08 = 8 %.

    Instants have no zone; 23:59:59 counts as the next midnight. What is None is not agreed.
    """

    contract_type: ContractType = _term("CT", "the kind of contract", attrs.NOTHING)
    contract_id: str = _term("CID", "its identifier", attrs.NOTHING)
    contract_role: str = _term("CNTRL", "the side its creator takes: RPA lends, RPL owes", "RPA")
    status_date: datetime = _term("SD", "up to when everything is past", attrs.NOTHING)
    currency: str = _term("CUR", "ISO 4217 code", "USD")
    contract_deal_date: datetime | None = _term("CDD", "when it was agreed")
    initial_exchange_date: datetime | None = _term("IED", "when the principal is paid out")
    maturity_date: datetime | None = _term("MD", "when what is left is due")
    amortization_date: datetime | None = _term("AMD", "when an annuity would be paid off")
    notional_principal: Decimal | None = _term("NT", "principal, not below zero")
    nominal_interest_rate: Decimal | None = _term("IPNR", "rate a year")
    nominal_interest_rate_2: Decimal | None = _term("IPNR2", "first rate of the floating leg")
    accrued_interest: Decimal | None = _term("IPAC", "interest accrued up to the status date")
    premium_discount_at_ied: Decimal | None = _term("PDIED", "paid above (below) the principal")
    day_count_convention: DayCount = _term("DCC", "days into years", DayCount.A365)
    business_day_convention: BusinessDay = _term("BDC", "where holidays go", BusinessDay.NOS)
    calendar: str = _term("CLDR", "NC: every day is open; MF: Monday to Friday; or a name", "NC")
    end_of_month_convention: EndOfMonth = _term(
        "EOMC", "whether ends of months stay", EndOfMonth.SD
    )
    cycle_anchor_date_of_interest_payment: datetime | None = _term("IPANX", "first interest date")
    cycle_of_interest_payment: Cycle | None = _term("IPCL", "how often interest is paid")
    capitalization_end_date: datetime | None = _term("IPCED", "until when interest is capitalised")
    interest_calculation_base: InterestBase = _term("IPCB", "what bears interest", InterestBase.NT)
    interest_calculation_base_amount: Decimal | None = _term("IPCBA", "the base before IPCBANX")
    cycle_anchor_date_of_interest_calculation_base: datetime | None = _term(
        "IPCBANX", "when the base is first set anew"
    )
    cycle_of_interest_calculation_base: Cycle | None = _term("IPCBCL", "how often it is set anew")
    cycle_anchor_date_of_principal_redemption: datetime | None = _term("PRANX", "first redemption")
    cycle_of_principal_redemption: Cycle | None = _term("PRCL", "how often principal is redeemed")
    next_principal_redemption_payment: Decimal | None = _term(
        "PRNXT", "the payment: of principal (LAM), of principal and interest (NAM, ANN)"
    )
    cycle_anchor_date_of_rate_reset: datetime | None = _term("RRANX", "first rate reset")
    cycle_of_rate_reset: Cycle | None = _term("RRCL", "how often the rate is reset")
    market_object_code_of_rate_reset: str | None = _term("RRMO", "the rate that is followed")
    rate_multiplier: Decimal | None = _term("RRMLT", "times the market's rate")
    rate_spread: Decimal | None = _term("RRSP", "plus this")
    next_reset_rate: Decimal | None = _term("RRNXT", "the rate of the next reset, known already")
    period_cap: Decimal | None = _term("RRPC", "most that one reset adds")
    period_floor: Decimal | None = _term("RRPF", "most that one reset takes off")
    life_cap: Decimal | None = _term("RRLC", "highest rate")
    life_floor: Decimal | None = _term("RRLF", "lowest rate")
    cycle_anchor_date_of_scaling_index: datetime | None = _term("SCANX", "first scaling")
    cycle_of_scaling_index: Cycle | None = _term("SCCL", "how often amounts are scaled")
    market_object_code_of_scaling_index: str | None = _term("SCMO", "the index")
    scaling_index_at_contract_deal_date: Decimal | None = _term("SCCDD", "the index at the deal")
    scaling_effect: str = _term("SCEF", "I scales interest, N principal", "OOO")
    interest_scaling_multiplier: Decimal | None = _term("SCIP", "interest multiplier now")
    notional_scaling_multiplier: Decimal | None = _term("SCNT", "principal multiplier now")
    purchase_date: datetime | None = _term("PRD", "when it was bought from another")
    price_at_purchase_date: Decimal | None = _term("PPRD", "for how much")
    termination_date: datetime | None = _term("TD", "when it was sold or ended early")
    price_at_termination_date: Decimal | None = _term("PTD", "for how much")
    fee_rate: Decimal | None = _term("FER", "fee: an amount or a rate a year, by FEB")
    fee_basis: FeeBasis | None = _term("FEB", "what the fee is of")
    fee_accrued: Decimal | None = _term("FEAC", "fee accrued up to the status date")
    cycle_anchor_date_of_fee: datetime | None = _term("FEANX", "first fee date")
    cycle_of_fee: Cycle | None = _term("FECL", "how often the fee is paid")
    prepayment_effect: PrepaymentEffect = _term(
        "PPEF", "what an early repayment changes", PrepaymentEffect.N
    )
    penalty_type: PenaltyType = _term("PYTP", "what an early repayment costs", PenaltyType.N)
    penalty_rate: Decimal | None = _term("PYRT", "the amount (A) or the share (R) that it costs")
    x_day_notice: Cycle | None = _term("XDN", "how long before repayment notice is given")
    array_cycle_anchor_date_of_principal_redemption: tuple[datetime, ...] = _term(
        "ARPRANX", "where each segment of redemptions begins", ()
    )
    array_cycle_of_principal_redemption: tuple[Cycle, ...] = _term("ARPRCL", "their cycles", ())
    array_next_principal_redemption_payment: tuple[Decimal, ...] = _term(
        "ARPRNXT", "their amounts", ()
    )
    array_increase_decrease: tuple[str, ...] = _term("ARINCDEC", "INC lends more, DEC repays", ())
    array_cycle_anchor_date_of_interest_payment: tuple[datetime, ...] = _term(
        "ARIPANX", "where each segment of interest dates begins", ()
    )
    array_cycle_of_interest_payment: tuple[Cycle, ...] = _term("ARIPCL", "their cycles", ())
    array_cycle_anchor_date_of_rate_reset: tuple[datetime, ...] = _term(
        "ARRRANX", "where each segment of rates begins", ()
    )
    array_cycle_of_rate_reset: tuple[Cycle, ...] = _term("ARRRCL", "their cycles", ())
    array_rate: tuple[Decimal, ...] = _term("ARRATE", "their rates or spreads", ())
    array_fixed_variable: tuple[str, ...] = _term("ARFIXVAR", "FIX a rate, VAR a spread", ())
    cycle_anchor_date_of_dividend_payment: datetime | None = _term("DVANX", "first dividend")
    cycle_of_dividend_payment: Cycle | None = _term("DVCL", "how often dividends are paid")
    market_object_code_of_dividends: str | None = _term("DVMO", "where dividends are observed")
    market_object_code: str | None = _term("MOC", "where its price is observed")
    quantity: Decimal | None = _term("QT", "how many units of the goods")
    delivery_settlement: str = _term("DS", "S: the legs of a swap are netted; D: both paid", "D")
    contract_structure: tuple[CoveredContract, ...] = _term("CTST", "contracts it refers to", ())
    coverage_of_credit_enhancement: Decimal | None = _term("CECV", "share of exposure covered")
    credit_event_type_covered: str = _term("CETC", "DL late, DQ delinquent or DF in default", "DF")
    guaranteed_exposure: Exposure = _term("CEGE", "what of the covered counts", Exposure.NO)
    settlement_period: Cycle | None = _term("STP", "from the event to the payment")

    @property
    def sign(self) -> int:
        """1 for who lends or buys, -1 for who owes or sells (3.6 of the rules: R)."""
        return ROLE_SIGN[self.contract_role]

    @property
    def has_begun(self) -> bool:
        """Whether the initial exchange is past."""
        begins = self.initial_exchange_date
        return begins is not None and begins <= self.status_date
