"""The end: what the year brought beside what was planned, and that all books agree."""

from __future__ import annotations

from pathlib import Path

from karez.doors.cli.demo.lender import Lender
from karez.doors.cli.demo.planning import Season
from karez.doors.cli.demo.setting import Setting
from karez.doors.cli.demo.story import Story


def tell_the_end(
    story: Story, setting: Setting, lender: Lender, season: Season, reports: Path
) -> None:
    """Tell the result and verify; write the reports into a folder."""
