"""What a verification of the money book reports."""

from __future__ import annotations

from datetime import datetime

import attrs

from karez.kernel.finding import Findings


@attrs.define
class Verification(Findings):
    """What was checked, and every disagreement found."""

    institution_id: int
    through: datetime
    batches: int = 0
    accounts: int = 0
    transfers: int = 0
    seals: int = 0
