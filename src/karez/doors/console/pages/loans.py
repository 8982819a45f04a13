"""Loans: the list, one loan with its schedule and its story, and what may be done to it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import attrs
from starlette.responses import Response

from karez.doors.console.charts import stacked
from karez.doors.console.listing import Listing
from karez.doors.console.language import later
from karez.doors.console.render import see_other
from karez.doors.console.shape import digits
from karez.doors.console.visit import KEY_FIELD, Page, Visit, faults_of
from karez.doors.operations.errors import InputFaultsError
from karez.kernel.errors import InvalidInputError, KarezError
from karez.kernel.money import currency, parse_amount
