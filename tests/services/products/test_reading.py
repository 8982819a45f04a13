"""Term sheets: what is wrong is named by file, line and key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.services.products import catalogue, read_sheet, try_sheet
from karez.services.products.errors import SheetBrokenError
from services.products.sheets import SMALLEST, with_lines

RISK = "[provisioning]"


def faults(*changes: tuple[str, str], more: str = "") -> list[str]:
    _, found = try_sheet(with_lines(*changes, more=more), "small.toml")
    return [fault.message for fault in found]


@pytest.mark.parametrize("code", catalogue())
def test_catalogue__is_sound_and_says_why(code: str):
    text = catalogue()[code]
    sheet, found = try_sheet(text, code)
    assert not found
    assert sheet is not None
    assert sheet.code == code
    assert text.startswith("# "), "a line of comment says why"


def test_smallest__is_sound():
    assert read_sheet(SMALLEST, "small.toml").version == 0


def test_unknown_key__names_the_nearest():
    assert faults(("repay =", "repai =")) == [
        "small.toml, line 19: schedule.repai: there is no such key here; perhaps repay is meant."
    ]
    [found] = faults(more="[drawing]\nzzz = 1")
    assert found.endswith("drawing.zzz: there is no such key here; there are how, to, parts.")


def test_missing_key__says_what_it_means():
    assert faults(('repay = "equal-instalments"', "")) == [
        "small.toml, line 18: schedule.repay: it is missing: how principal comes back."
    ]


SINGLE = [
    ('currency = "EUR"', 'currency = "EURO"', "currency", "'EURO' is not a currency"),
    ("least = 100", "least = 1.005", "amount.least", "it has 2 decimals at most"),
    ("least = 100", "least = 0", "amount.least", "it is 1 or more"),
    ("least = 100", "least = -5", "amount.least", "it is 1 or more"),
    ("least = 100", 'least = "100"', "amount.least", "it is an amount"),
    ("least = 100", "least = inf", "amount.least", "it is a number"),
    ("least = 100", "least = nan", "amount.least", "it is a number"),
    ("most = 10_000", "most = 1e99", "amount.most", "1000000000000000 minor units at most"),
    ("most = 10_000", "most = 10000000000001", "amount.most", "minor units at most"),
    ("most = 24", "most = 2.5", "instalments.most", "it is a whole number"),
    ("most = 24", "most = 9999", "instalments.most", "it is 1200 at most"),
    ("most = 24", "most = true", "instalments.most", "it is a number"),
    ('"equal-instalments"', '"equal"', "schedule.repay", "it is one of equal-instalments,"),
    ('"Small loan"', "7", "name", "it is a text, not 7"),
    ('"small"', '"Small Loan"', "code", "it is of small letters"),
    ("least = 100", "least = 20_000", "amount.least", "the range is upside down"),
    ("least_pct_year = 4", "least_pct_year = 40", "rate.least_pct_year", "upside down"),
    ("least = 2", "least = 30", "instalments.least", "upside down"),
    ("rate_pct_year = 9", "rate_pct_year = 90", "pricing.rate_pct_year", "outside the rates"),
    ('kind = "fixed"', 'kind = "by-risk"', "pricing.rate_pct_year", "not fixed; leave it out"),
    ("automatic_most = 10000", "automatic_most = 1", "decision", "nobody decides on 10000.00"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "rule"), SINGLE)
def test_single_fault__is_named(old: str, new: str, key: str, rule: str):
    [found] = faults((old, new))
    # A table's fault stands on the line of its heading, a key's on its own.
    at = f"[{key}]" if key == "decision" else f"{key.rpartition('.')[2]} ="
    lines = with_lines((old, new)).splitlines()
    assert found.startswith("small.toml, line ")
    line = int(found.removeprefix("small.toml, line ").partition(":")[0])
    assert lines[line - 1].startswith(at)
    assert f": {key}: " in found
    assert rule in found
    if new.startswith(at):
        assert lines[line - 1] == new


PARTS = [
    ("[amount]", "[amount]\nstep = 250", "amount.least", "no multiple of the step 250.00"),
    ("[schedule]", "[schedule]\ngrace_on_principal = 2", "grace_on_principal", "never falls"),
    ("[schedule]", '[schedule]\ndates = ["07-31"]', "schedule.dates", "use on-dates"),
    ("[schedule]", '[schedule]\ndates = ["02-29"]', "schedule.dates.1", "every year has"),
    (RISK, f"{RISK}\nsignificant_days = 90", "significant_days", "before stage 3"),
]  # fmt: skip
MORE = [
    ('[payments]\norder = ["fee"]', "payments.order", "each once"),
    ('[payments]\nfixed = "interest-principal-penalty-fee"', "payments.fixed", "use order"),
    ('[[fees]]\nname = "f"', "fees.1", "an amount or a pct"),
    ("[collateral]\nleast_cover_pct = 9", "collateral.least_cover", "no kind is accepted"),
    ("[group]\nleast_members = 9\nmost_members = 5", "group.least_members", "upside down"),
    ('[drawing]\nhow = "as-needed"', "schedule.follows_payments", "it must be true"),
    ('[drawing]\nhow = "in-parts"', "drawing.parts", "add up to 100"),
    ('[ledger.sides]\npaid = ["channel", "fees"]', "ledger.sides.paid", "there are disbursed"),
    ('[ledger.sides]\noverpaid = ["channel"]', "ledger.sides.overpaid", "what is debited and"),
    ('[ledger.sides]\noverpaid = ["1", "1"]', "ledger.sides.overpaid", "the same account"),
    ('[ledger]\nfees = "1100"', "ledger.fees", "1100 is the parent"),
    ("[[arrears.steps]]\ndays_late = 3\npct = 1\nmost_times = 2", "arrears.steps.1.most_times",
     "repeat_every_days"),
    ("[[arrears.steps]]\ndays_late = 3\npct = 1\nrepeat_every_days = 1\nmost_times = 101",
     "arrears.steps", "100 late charges at most"),
    ('[[eligibility]]\nwhen = { age = ">= x" }\ndecision = "approve"\nreason = "r"',
     "eligibility.1.when.age", "this column is of numbers"),
    ('[[provisioning.paths]]\nname = "a"\nweight_pct = 60', "provisioning.paths",
     "add up to 60, not to 100"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "key", "rule"), MORE)
def test_fault_of_a_table__is_named(more: str, key: str, rule: str):
    [found] = faults(more=more)
    assert key in found
    assert rule in found


@pytest.mark.parametrize(("old", "new", "key", "rule"), PARTS)
def test_fault_of_a_part__is_named(old: str, new: str, key: str, rule: str):
    [found] = faults((old, new))
    assert key in found
    assert rule in found


AMORTISING = [
    # Steps so coarse that the instalment is below the interest of 100.00 at 900 %.
    (("least_pct_year = 4\nmost_pct_year = 15", "least_pct_year = 900\nmost_pct_year = 900"),
     ("rate_pct_year = 9\n", "rate_pct_year = 900\n"),
     ('repay = "equal-instalments"', 'repay = "equal-instalments"\ninstalment_step = 30')),
    # All weight on a date that is not among those that fall due.
    (("least = 2\nmost = 24", "least = 1\nmost = 1"),
     ('repay = "equal-instalments"',
      'repay = "on-dates"\ndates = ["01-31", "12-31"]\nweights = [100, 0]\nfirst_after_days = 60')),
]  # fmt: skip


@pytest.mark.parametrize("changes", AMORTISING)
def test_product_that_never_amortises__is_refused(changes: tuple[tuple[str, str], ...]):
    [found] = faults(*changes)
    assert "schedule" in found
    assert "never amortises" in found


def test_amounts_that_overflow__are_refused():
    [found] = faults(
        ("most = 10_000", "most = 9_000_000_000_000"),
        ("automatic_most = 10000", "automatic_most = 9000000000000"),
    )
    assert "owes more than 1000000000000000 minor units" in found


def test_broken_toml__names_the_line():
    text = SMALLEST.replace('repay = "equal-instalments"', "repay = ")
    [fault] = try_sheet(text, "small.toml")[1]
    assert fault.message == "small.toml, line 19: TOML: invalid value."
    assert try_sheet('code = "a', "x.toml")[1][0].message.startswith("x.toml, line 1: TOML:")


def test_all_faults__are_told_at_once():
    with pytest.raises(SheetBrokenError, match="line 2: name: it is a text") as raised:
        read_sheet(SMALLEST.replace('"Small loan"', "7").replace("most = 24", "most = 0"), "s")
    assert [fault["details"]["line"] for fault in raised.value.details["faults"]] == [2, 16]
    assert "And 1 more; `karez product check` names all." in raised.value.message


@given(st.data())
def test_any_line_left_out__is_a_sheet_or_a_named_fault(data: st.DataObject):
    code = data.draw(st.sampled_from(sorted(catalogue())))
    lines = catalogue()[code].splitlines()
    gone = data.draw(st.integers(0, len(lines) - 1))
    sheet, found = try_sheet("\n".join(lines[:gone] + lines[gone + 1 :]), code)
    assert (sheet is not None) or found
    assert all(1 <= fault.details["line"] <= len(lines) + 1 for fault in found)
