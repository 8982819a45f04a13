"""The codes of the ACTUS dictionary that the engine knows."""

from __future__ import annotations

from enum import StrEnum


class ContractType(StrEnum):
    """What kind of contract the terms make (CT)."""

    PAM = "PAM"  # principal at maturity
    LAM = "LAM"  # linear amortiser: equal principal
    NAM = "NAM"  # negative amortiser: equal payment, whatever it leaves
    ANN = "ANN"  # annuity: equal payment that redeems it all
    LAX = "LAX"  # exotic linear amortiser: arrays of dates and amounts
    CLM = "CLM"  # call money: repaid on notice
    UMP = "UMP"  # undefined maturity profile: savings, overdraft
    CSH = "CSH"  # cash
    STK = "STK"  # share
    COM = "COM"  # commodity, goods
    CEG = "CEG"  # guarantee
    CEC = "CEC"  # collateral
    SWPPV = "SWPPV"  # plain vanilla interest rate swap


class EventType(StrEnum):
    """What happens (the dictionary's event types), in the order of one instant."""

    IED = "IED"  # initial exchange
    FP = "FP"  # fee payment
    PR = "PR"  # principal redemption
    PI = "PI"  # principal increase
    PY = "PY"  # penalty payment
    PP = "PP"  # principal prepayment
    IP = "IP"  # interest payment
    IPFX = "IPFX"  # interest payment of the fixed leg
    IPFL = "IPFL"  # interest payment of the floating leg
    IPCI = "IPCI"  # interest capitalisation
    CE = "CE"  # credit event
    RRF = "RRF"  # rate reset to a rate that is known
    RR = "RR"  # rate reset by the market
    PRF = "PRF"  # fixing of the payment
    DV = "DV"  # dividend
    PRD = "PRD"  # purchase
    TD = "TD"  # termination
    SC = "SC"  # scaling index
    IPCB = "IPCB"  # fixing of the interest calculation base
    MD = "MD"  # maturity
    XD = "XD"  # exercise
    STD = "STD"  # settlement
    AD = "AD"  # analysis


ORDER: dict[EventType, int] = {kind: place for place, kind in enumerate(EventType)}
"""Place of an event among those of one instant. PR before IP is load-bearing; PRF after RR."""


class DayCount(StrEnum):
    """How days become a fraction of a year (DCC)."""

    AA = "AA"  # actual/actual ISDA: each day by the length of its calendar year
    A360 = "A360"  # actual/360
    A365 = "A365"  # actual/365
    E30360ISDA = "30E360ISDA"  # 30/360, ends of months count as the 30th
    E30360 = "30E360"  # 30/360, the 31st counts as the 30th
    B252 = "B252"  # business days/252


class EndOfMonth(StrEnum):
    """Whether a cycle that starts at a month's end stays there (EOMC)."""

    SD = "SD"  # same day
    EOM = "EOM"  # end of month


class BusinessDay(StrEnum):
    """What happens to a date that is no business day (BDC)."""

    NOS = "NULL"  # nothing
    SCF = "SCF"  # shift, then calculate: the following business day
    SCMF = "SCMF"  # the following, unless it is in the next month
    SCP = "SCP"  # the preceding
    SCMP = "SCMP"  # the preceding, unless it is in the month before
    CSF = "CSF"  # calculate by the unshifted date, then shift the payment: the following
    CSMF = "CSMF"  # calculate first; the following, unless it is in the next month
    CSP = "CSP"  # calculate first; the preceding
    CSMP = "CSMP"  # calculate first; the preceding, unless it is in the month before

    @property
    def shifts_first(self) -> bool:
        """Whether interest runs to the shifted date."""
        return self.value.startswith("SC")


class InterestBase(StrEnum):
    """What interest is calculated on (IPCB)."""

    NT = "NT"  # the notional as it stands
    NTIED = "NTIED"  # the notional at the initial exchange, for ever: flat interest
    NTL = "NTL"  # the notional as it stood at the last IPCB event


class FeeBasis(StrEnum):
    """What a fee rate is of (FEB)."""

    A = "A"  # an amount
    N = "N"  # a yearly rate of the notional


class PrepaymentEffect(StrEnum):
    """What an early repayment changes (PPEF)."""

    N = "N"  # nothing: the last payments become smaller
    A = "A"  # the payment, over the same dates
    M = "M"  # the maturity, at the same payment


class PenaltyType(StrEnum):
    """What an early repayment costs (PYTP)."""

    N = "N"  # nothing
    A = "A"  # an amount
    R = "R"  # a share of what is repaid
    I = "I"  # noqa: E741 - what the lender loses: the rate above the market's, to the maturity


class Exposure(StrEnum):
    """What of a covered contract counts (CEGE)."""

    NO = "NO"  # nominal value
    NI = "NI"  # nominal value plus accrued interest
    MV = "MV"  # market value


ROLE_SIGN: dict[str, int] = {
    "RPA": 1, "RPL": -1, "LG": 1, "ST": -1, "BUY": 1, "SEL": -1, "RFL": 1, "PFL": -1, "RF": 1,
    "PF": -1, "CLO": 1, "CNO": 1, "COL": 1, "GUA": -1, "OBL": -1,
}  # fmt: skip
"""Which side the creator of the contract takes (CNTRL): 1 receives what it brings, -1 pays it."""
