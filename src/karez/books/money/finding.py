"""What a verification reports."""

from __future__ import annotations

from datetime import datetime

import attrs

FINDINGS_MOST = 1_000


@attrs.frozen
class Finding:
    """One disagreement: which check, in which table, at which row, and what was found."""

    check: str
    table: str
    row: str
    what: str


@attrs.define
class Verification:
    """What was checked, and every disagreement found (at most ``FINDINGS_MOST`` are listed)."""

    institution_id: int
    through: datetime
    batches: int = 0
    accounts: int = 0
    transfers: int = 0
    seals: int = 0
    findings: list[Finding] = attrs.field(factory=list[Finding])
    findings_total: int = 0

    def find(self, check: str, table: str, row: object, what: str) -> None:
        """Record a disagreement."""
        self.findings_total += 1
        if len(self.findings) < FINDINGS_MOST:
            self.findings.append(Finding(check, table, str(row), what))
