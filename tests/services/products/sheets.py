"""Term sheets of the tests: the smallest that is sound, and ways to change it."""

from karez.services.products import TermSheet, read_sheet

SMALLEST = """\
code = "small"
name = "Small loan"
purpose = "tests"
currency = "EUR"

[amount]
least = 100
most = 10_000

[rate]
least_pct_year = 4
most_pct_year = 15

[instalments]
least = 2
most = 24

[schedule]
repay = "equal-instalments"

[pricing]
kind = "fixed"
rate_pct_year = 9

[provisioning]
pd_pct = 4
lgd_pct = 50

[decision]
automatic_most = 10000
automatic_pd_most_pct = 100
"""


def with_lines(*changes: tuple[str, str], more: str = "") -> str:
    """Return the smallest sheet with some of its text replaced, and more at its end."""
    text = SMALLEST
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return f"{text}\n{more}"


def sheet(*changes: tuple[str, str], more: str = "") -> TermSheet:
    """Return the smallest sheet with changes."""
    return read_sheet(with_lines(*changes, more=more), "small.toml")
