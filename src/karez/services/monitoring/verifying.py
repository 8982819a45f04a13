"""Can what is thought of loans disagree with what it rests on?"""

from __future__ import annotations

import attrs

from karez.kernel.finding import Findings
from karez.services.bookkeeping import Books
from karez.services.monitoring.queries import QUERIES


@attrs.define
class MonitoringVerification(Findings):
    """What disagrees."""


def verify(books: Books) -> MonitoringVerification:
    """Check that a fresh score rests on a use of a consent, and a stale one is what held before.

    The default probability of each provision must be the newest on its day. A score itself is not
    computed again: what was read lies open no longer, by the consent.
    """
    report = MonitoringVerification()
    with books.transaction() as connection:
        for loan, day in connection.execute(QUERIES["uses_missing"].text):
            what = f"as of {day} names a use of a consent that does not bear it out"
            report.find("use", "monitoring.score", loan, what)
        for loan, day, pd, before in connection.execute(QUERIES["stale_apart"].text):
            if pd != before:
                what = f"as of {day} is stale and says {pd:.6f}, and {before:.6f} held before"
                report.find("stale", "monitoring.score", loan, what)
        for (loan,) in connection.execute(QUERIES["newest_apart"].text):
            report.find("newest", "monitoring.newest", loan, "is not that of its last fresh score")
        for loan, day, pd, expected in connection.execute(QUERIES["probabilities_apart"].text):
            what = f"of {day} has a default probability of {pd:.6f}, and it was {expected:.6f}"
            report.find("probability", "closing.allowance", loan, what)
    return report
