"""Tax ids: active on the day, not active, and not known."""

import pytest

from engines.trust.cases import BUYER, DAY, OTHER, SELLER, advance, goods, sale, table
from karez.engines.trust import Evidence, Kind, Rules, Verdict, assess
from karez.engines.trust import evidence as ev
from karez.engines.trust.evidence import FOREVER, NONE
from karez.engines.trust.tax import tax_id

INVOICED = DAY - 3  # as cases.sale has it
BOTH = [(SELLER, 0, FOREVER), (BUYER, 0, FOREVER)]


def asked(registrations, **named):
    return tax_id(goods(registrations=table(ev.REGISTRATION, registrations), **named), Rules())


@pytest.mark.parametrize(
    ("seller", "verdict"),
    [
        ([(0, FOREVER)], Verdict.PASS),
        ([(INVOICED, INVOICED + 1)], Verdict.PASS),
        ([(0, INVOICED)], Verdict.HOLD),
        ([(INVOICED + 1, FOREVER)], Verdict.HOLD),
        ([(0, INVOICED - 9), (INVOICED - 5, FOREVER)], Verdict.PASS),
        ([], Verdict.SILENT),
    ],
)
def test_tax_id__of_the_seller_on_the_day_of_the_invoice(seller, verdict):
    answer = asked([*((SELLER, *each) for each in seller), BOTH[1]])
    assert answer.verdict[0] == verdict
    if verdict == Verdict.HOLD:
        assert answer.grounds[0][0].words == "the tax id of parties 0 was not active on 2024-10-01"


def test_tax_id__of_the_buyer_counts_too_even_where_the_seller_is_unknown():
    answer = asked([(BUYER, 0, 5)])
    assert answer.verdict[0] == Verdict.HOLD
    assert answer.grounds[0][0].cites == (("registrations", 0),)


def test_tax_id__an_empty_register_says_nothing():
    answer = asked([])
    assert answer.verdict[0] == Verdict.SILENT
    assert not answer.grounds


def test_tax_id__without_an_invoice_the_day_of_the_advance_counts():
    answer = asked([(SELLER, 0, DAY), BOTH[1]], documents=sale(invoice=None))
    assert answer.verdict[0] == Verdict.HOLD


def test_tax_id__of_persons_is_not_asked():
    evidence = Evidence(
        advances=table(ev.ADVANCE, [advance(kind=Kind.LOAN, party=OTHER, buyer=NONE)]),
        registrations=table(ev.REGISTRATION, [(OTHER, 0, 5)]),
    )
    assert tax_id(evidence, Rules()).verdict[0] == Verdict.SILENT


def test_tax_id__its_inputs_are_the_registrations_of_both():
    rows = table(ev.REGISTRATION, [*BOTH, (OTHER, 0, 5)])
    evidence = goods(registrations=rows)
    (reason,) = [one for one in assess(evidence).reasons(0) if one.check_id == "tax-id"]
    digests = [evidence.digest(("registrations", row)) for row in range(3)]
    assert [digest in reason.inputs for digest in digests] == [True, True, False]
