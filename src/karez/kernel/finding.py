"""What a verification of a book reports: each place at which the book disagrees with itself."""

from __future__ import annotations

from typing import ClassVar

import attrs


@attrs.frozen
class Finding:
    """One disagreement: which check, in which table, at which row, and what was found."""

    check: str
    table: str
    row: str
    what: str


@attrs.define
class Findings:
    """Every disagreement counted, and the first ``most`` of them listed."""

    most: ClassVar[int] = 1_000
    findings: list[Finding] = attrs.field(factory=list[Finding], kw_only=True)
    findings_total: int = attrs.field(default=0, kw_only=True)

    def find(self, check: str, table: str, row: object, what: str) -> None:
        """Record a disagreement."""
        self.findings_total += 1
        if len(self.findings) < self.most:
            self.findings.append(Finding(check, table, str(row), what))

    def take(self, other: Findings) -> None:
        """Add the disagreements of another verification."""
        self.findings_total += other.findings_total
        self.findings += other.findings[: self.most - len(self.findings)]
