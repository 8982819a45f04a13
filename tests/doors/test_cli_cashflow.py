"""``karez cashflow``: files of contracts in, events out, each fault named with its contract."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

TERMS = {
    "contractType": "ANN",
    "contractID": "loan",
    "contractRole": "RPA",
    "statusDate": "2026-01-01T00:00:00",
    "initialExchangeDate": "2026-01-02T00:00:00",
    "maturityDate": "2026-04-02T00:00:00",
    "notionalPrincipal": "  3000",
    "nominalInterestRate": "0.12",
    "dayCountConvention": "30E360",
    "currency": "EUR",
    "cycleAnchorDateOfPrincipalRedemption": "2026-02-02T00:00:00",
    "cycleOfPrincipalRedemption": "P1ML1",
}
