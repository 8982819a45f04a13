"""A receipt convinces someone who has nothing but a key; a bent one convinces nobody."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from books.facts.conftest import Log
from books.facts.making import invoice, visit
from karez.books.facts.attest import attest
from karez.books.facts.errors import (
    FactUnknownError,
    NotCosignedError,
    NoteMalformedError,
    NoteUnverifiedError,
    PolicyUnmetError,
    ProofInvalidError,
)
from karez.books.facts.read import find_body, find_fact, prove_fact
from karez.books.facts.receipt import check_receipt, make_receipt
from karez.books.facts.signer import Signer
from karez.books.facts.tlog.encoding import decode64, encode64
from karez.books.facts.tlog.policy import Policy
from karez.kernel.errors import KarezError

SECRET = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)


def receipt_of(log: Log, index: int) -> str:
    return make_receipt(log.within(prove_fact, index), log.within(find_body, index), with_body=True)


def policy_of(log: Log) -> Policy:
    return Policy.of_log(log.book.signer.keys[0].verifier)


def with_extra(text: str, change) -> str:
    """The receipt with the fields of its extra line changed."""
    lines = text.split("\n")
    fields = json.loads(decode64(lines[1].removeprefix("extra ")) or b"")
    change(fields)
    lines[1] = "extra " + encode64(json.dumps(fields).encode())
    return "\n".join(lines)


def test_receipt__says_what_was_recorded(log: Log):
    log.append([invoice(n) for n in range(20)])
    checked = check_receipt(receipt_of(log, 13), policy_of(log))
    assert (checked.index, checked.checkpoint.size) == (13, 20)
    assert checked.fields is not None
    assert checked.fields["number"] == "A13"
    assert checked.entry["schema"] == "invoice/1"
    assert checked.attester_key is None


def test_receipt__without_the_body_says_only_that(log: Log):
    log.append([invoice(1)])
    text = make_receipt(log.within(prove_fact, 0), log.within(find_fact, 0), with_body=False)
    assert check_receipt(text, policy_of(log)).fields is None
    assert "tin:" not in str(decode64(text.split("\n")[1].removeprefix("extra ")))


def test_receipt__of_an_attested_fact_names_the_key(log: Log):
    fact = visit(1)
    log.append([fact], (), {0: attest(fact, SECRET)})
    checked = check_receipt(receipt_of(log, 0), policy_of(log))
    assert checked.attester_key == SECRET.public_key().public_bytes_raw()
    assert checked.fields is not None
    assert "attestation" not in checked.fields


def test_receipt__any_letter_changed_is_refused(log: Log):
    log.append([invoice(n) for n in range(9)])
    text = receipt_of(log, 4)
    accepted = []
    for place in range(len(text)):
        letter = "A" if text[place] != "A" else "B"
        try:
            check_receipt(text[:place] + letter + text[place + 1 :], policy_of(log))
        except KarezError:
            continue
        accepted.append(text[place - 10 : place + 10])
    assert accepted == []


def test_receipt__what_is_added_to_it_is_not_believed(log: Log):
    log.append([invoice(1), invoice(2)])
    text = receipt_of(log, 0)
    other = json.loads(decode64(receipt_of(log, 1).split("\n")[1].removeprefix("extra ")) or b"")
    changes = (
        lambda fields: fields.update(body=fields["body"].replace("1201", "9201")),
        lambda fields: fields.update(entry=other["entry"]),
        lambda fields: fields.update(body=other["body"], salt=other["salt"]),
        lambda fields: fields.update(salt="zz"),
        lambda fields: fields.update(body="{"),
    )
    for change in changes:
        with pytest.raises(ProofInvalidError):
            check_receipt(with_extra(text, change), policy_of(log))
    with pytest.raises(NoteMalformedError):
        check_receipt(with_extra(text, lambda fields: fields.pop("entry")), policy_of(log))


def test_receipt__of_another_log_is_refused(log: Log):
    log.append([invoice(1)])
    stranger = Signer.new("test.example/facts").keys[0].verifier
    with pytest.raises(NoteUnverifiedError):
        check_receipt(receipt_of(log, 0), Policy.of_log(stranger))


def test_receipt__policy_with_witnesses_is_held(log: Log):
    log.append([invoice(1)])
    witness = Signer.new("w.example/w", post_quantum=True).keys[1].verifier
    log_key = log.book.signer.keys[0].verifier.text
    policy = Policy.parse(f"log {log_key}\nwitness w {witness.text}\nquorum w\n")
    with pytest.raises(PolicyUnmetError):
        check_receipt(receipt_of(log, 0), policy)


def test_proof__of_what_is_not_there(log: Log):
    log.append([invoice(1)])
    for index, witnesses, error in ((1, 0, FactUnknownError), (0, 1, NotCosignedError)):
        with pytest.raises(error):
            log.within(prove_fact, index, witnesses=witnesses)


@pytest.mark.parametrize(
    "text", ["", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v1\nindex x\n\n", "\n\n", "\0"]
)
def test_receipt__that_is_none(log: Log, text: str):
    log.append([invoice(1)])
    with pytest.raises(NoteMalformedError):
        check_receipt(text, policy_of(log))
