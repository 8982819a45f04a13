"""The commands of the facts book, as real processes."""

import json
import re
import signal
import subprocess
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from books.facts.making import slow_root
from doors.conftest import KAREZ, Karez
from karez.books.facts.attest import PAYLOAD_TYPE, pre_authentication_encoding
from karez.books.facts.canonical import canonical, decode_fact
from karez.books.facts.signer import Signer
from karez.books.facts.tlog.keys import SigningKey
from karez.books.facts.tlog.submission import Submission

INVOICE = {
    "schema": "invoice/1", "subject": "tin:100", "valid_on": "2026-01-05", "number": "A1",
    "seller": {"party_id": "tin:100"}, "buyer": {"party_id": "tin:200"}, "currency": "EUR",
    "net_minor": 100, "tax_minor": 20, "total_minor": 120,
}  # fmt: skip
VISIT = {
    "schema": "visit/1", "subject": "tin:100", "valid_on": "2026-01-06", "visitor": "officer:7",
    "visited": {"party_id": "tin:100"}, "purpose": "see the stock",
}  # fmt: skip


def lines(*facts: object) -> str:
    return "".join(f"{fact if isinstance(fact, str) else json.dumps(fact)}\n" for fact in facts)


@contextmanager
def serving(karez: Karez) -> Iterator[str]:
    """Run a witness on a free port; give its address."""
    process = subprocess.Popen(
        [KAREZ, "facts", "witness", "serve", "--port", "0"],
        cwd=karez.folder, env=dict(karez.settings), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        yield process.stdout.readline().split()[-1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_add__show_list_prove_verify(karez: Karez, tmp_path: Path):
    opened = karez.json("facts", "open", "--origin", "coop.example/facts")
    assert (opened["origin"], opened["size"]) == ("coop.example/facts", 0)
    key_file = Path(opened["key_file"])
    assert key_file.stat().st_mode & 0o777 == 0o600
    added = karez.json("facts", "add", "-", stdin=lines(INVOICE, VISIT))
    assert (added["added"], added["first_index"], added["size"]) == (2, 0, 2)
    again = karez.json("facts", "add", "-", stdin=lines(INVOICE, VISIT))
    assert (again["added"], again["there_already"], again["size"]) == (0, 2, 2)
    assert karez.json("facts", "show", 0)["fact"] == INVOICE
    assert re.search(r"^purpose +see the stock$", karez("facts", "show", 1), re.MULTILINE)
    listed = karez.json("facts", "list", "--subject", "tin:100")["facts"]
    assert [each["index"] for each in listed] == [1, 0]
    assert "is in r.tlog-proof" in karez("facts", "prove", 1, "--out", "r.tlog-proof")
    vkey = opened["vkeys"][0]
    # Whoever checks has no database, no home and no network: only the file and the key.
    stranger = attrs.evolve(
        karez, settings={"KAREZ_DATABASE_URL": "postgresql://nowhere.invalid/x"}
    )
    checked = stranger.json("facts", "verify", "r.tlog-proof", "--vkey", vkey)
    assert checked["holds"]
    assert checked["fact"] == VISIT
    bent = (tmp_path / "r.tlog-proof").read_text().replace("index 1", "index 0")
    karez.write("bent", bent.removesuffix("\n"))
    assert stranger.json("facts", "verify", "bent", "--vkey", vkey, code=5)["error"]["code"] == (
        "proof-invalid"
    )
    karez("facts", "export", "served")
    assert "everything agrees" in stranger("facts", "verify", "served", "--vkey", vkey)
    assert karez.json("facts", "verify")["sound"]
    assert karez.json("facts", "verify", "served", code=2)["error"]["code"] == "usage"


def test_add__bad_lines_are_named_and_kept_and_take_no_other_with_them(karez: Karez):
    bad = [
        {**INVOICE, "total_minor": 121},
        {"schema": "invoise/1"},
        "{nope",
        {**VISIT, "valid_on": "2999-01-01"},
        {**VISIT, "purpose": 3},
        {**VISIT, "extra": "x"},
        {"schema": "erasure/1"},
        {**VISIT, "attestation": {"public_key": "00"}},
        {**VISIT, "attestation": {"public_key": "00" * 32, "signature": "00" * 64}},
        "[1]",
        '"\udcff"',
        json.dumps({**VISIT, "purpose": "x" * (3 << 20)}),
    ]
    text = lines(INVOICE, *bad[:10], VISIT) + bad[11] + "\n"
    done = karez.json("facts", "add", "-", "--rejects", "bad.jsonl", code=5, stdin=text)
    assert (done["added"], done["refused"]) == (2, 11)
    found = [(r["line"], r["field"], r["error"]["code"]) for r in done["refusals"]]
    assert found[:7] == [
        (2, "total_minor", "fact-sum"),
        (3, "", "fact-schema-unknown"),
        (4, "", "fact-malformed"),
        (5, "valid_on", "fact-future"),
        (6, "purpose", "fact-malformed"),
        (7, "", "fact-malformed"),
        (8, "", "fact-reserved"),
    ]
    assert [line for line, *_ in found[7:]] == [9, 10, 11, 13]
    assert found[8][2] == "signature-invalid"
    kept = (karez.folder / "bad.jsonl").read_text().splitlines()
    assert kept[0] == json.dumps(bad[0])
    mended = kept[0].replace("121", "120").replace("A1", "A2")
    assert karez.json("facts", "add", "-", stdin=mended + "\n")["added"] == 1


def envelope(octets: bytes, signed: bytes | None = None, **changes: object) -> dict[str, object]:
    """Return a fact in the envelope of DSSE; ``signed`` is what is signed in its place."""
    secret = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    message = pre_authentication_encoding(PAYLOAD_TYPE, octets if signed is None else signed)
    signature = {
        "keyid": secret.public_key().public_bytes_raw().hex(),
        "sig": urlsafe_b64encode(secret.sign(message)).decode(),
    }
    return {
        "payload": b64encode(octets).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [signature],
    } | changes


def test_add__a_fact_in_an_envelope_is_attested(karez: Karez, tmp_path: Path):
    octets = canonical(decode_fact("visit/1", canonical(VISIT)))
    good = envelope(octets, key="a visit")
    assert karez.json("facts", "add", "-", stdin=lines(good, good))["added"] == 1
    shown = karez.json("facts", "show", 0)["fact"]
    assert shown.pop("attestation")["public_key"] == good["signatures"][0]["keyid"]
    assert shown == VISIT
    bad = [
        envelope(octets, b"{}"),
        envelope(json.dumps(VISIT).encode()),
        envelope(octets, payloadType="application/json"),
        envelope(octets, payload="@"),
        envelope(b"[]"),
        envelope(octets, signatures=[]),
        envelope(octets, signatures=[{"sig": 3, "keyid": "00"}]),
    ]
    done = karez.json("facts", "add", "-", code=5, stdin=lines(*bad))
    assert done["added"] == 0
    codes = [(one["line"], one["error"]["code"]) for one in done["refusals"]]
    assert codes == [
        (place, "signature-invalid" if place < 3 else "fact-malformed") for place in range(1, 8)
    ]


def test_restore__of_less_than_others_were_shown_takes_no_new_facts(karez: Karez):
    karez.json("facts", "add", "-", stdin=lines(INVOICE))
    karez("backup", "old.dump")
    karez.json("facts", "add", "-", stdin=lines(VISIT))
    karez("backup", "kept.dump")
    karez.json("facts", "prove", "1")
    more = lines({**VISIT, "purpose": "see it again"})
    karez("restore", "old.dump", "--replace")
    refused = karez.json("facts", "add", "-", code=4, stdin=more)["error"]
    assert (refused["code"], refused["details"]["size"]) == ("log-set-back", 2)
    karez.json("facts", "open", "--origin", refused["details"]["origin"], code=4)
    assert karez.json("facts", "show", "0")["fact"] == INVOICE
    karez.json("facts", "prove", "0")  # what is there can be shown still, and changes nothing
    karez.json("facts", "add", "-", code=4, stdin=more)
    karez("restore", "kept.dump", "--replace")
    assert karez.json("facts", "add", "-", stdin=more)["first_index"] == 2


def test_restore__of_all_that_others_were_shown_goes_on(karez: Karez):
    karez.json("facts", "add", "-", stdin=lines(INVOICE))
    karez("facts", "export", "log")
    karez("backup", "book.dump")
    karez.json("facts", "add", "-", stdin=lines(VISIT))
    karez("restore", "book.dump", "--replace")
    assert karez.json("facts", "add", "-", stdin=lines(VISIT))["first_index"] == 1
    (shown,) = (karez.folder / "home" / "keys").glob("*/log.shown")
    assert shown.read_text().splitlines()[1] == "1"
    shown.write_text("nonsense")
    assert (
        karez.json("facts", "add", "-", code=1, stdin=lines(VISIT))["error"]["code"] == "key-file"
    )


def test_add__octets_that_are_no_text(karez: Karez):
    path = karez.folder / "latin.jsonl"
    path.write_bytes(json.dumps(VISIT).encode().replace(b"stock", b"st\xe9ck") + b"\n")
    done = karez.json("facts", "add", path, code=5)
    assert done["refusals"][0]["error"]["code"] == "fact-malformed"


def test_erase__and_what_is_kept(karez: Karez):
    karez("facts", "add", "-", stdin=lines(INVOICE, VISIT))
    why = ("--ground", "GDPR 17", "--asked-by", "the person")
    done = karez.json("facts", "erase", "--subject", "tin:100", *why, code=4)
    assert (done["erased"], done["index"]) == ([1], 2)
    assert done["kept"][0]["code"] == "fact-kept"
    shown = karez.json("facts", "show", 1)
    assert (shown["erased"], shown["fact"]) == (True, None)
    assert karez.json("facts", "prove", 1, code=3)["error"]["code"] == "fact-erased"
    assert "receipt" in karez.json("facts", "prove", 1, "--without-body")
    assert karez.json("facts", "erase", 77, *why, code=3)["error"]["code"] == "erasure-empty"
    assert karez.json("facts", "erase", *why, code=2)["error"]["code"] == "usage"
    assert karez.json("facts", "verify")["sound"]


def test_keys__are_guarded(karez: Karez):
    opened = karez.json("facts", "open")
    key_file = Path(opened["key_file"])
    key_file.chmod(0o644)
    assert karez.json("facts", "open", code=1)["error"]["code"] == "key-file"
    key_file.chmod(0o600)
    aside = key_file.with_suffix(".aside")
    key_file.rename(aside)
    assert karez.json("facts", "add", "-", code=4, stdin=lines(VISIT))["error"]["code"] == (
        "log-key-wrong"
    )
    assert not key_file.exists()
    aside.rename(key_file)
    assert karez.json("facts", "open", "--origin", "other.example/x")["origin"] == opened["origin"]
    secret = key_file.read_text().strip()
    for arguments in (("facts", "open"), ("facts", "--help"), ("facts", "open", "--json")):
        assert secret not in karez(*arguments)


def test_log__that_is_not_open(karez: Karez):
    for command in (("verify",), ("export", "x")):
        assert karez.json("facts", *command, code=3)["error"]["code"] == "log-not-open"
    assert karez.json("facts", "show", 0, code=3)["error"]["code"] == "log-not-open"


def test_witness__two_institutions_over_http(karez: Karez, tmp_path: Path):
    """One institution's log is witnessed by another, over the wire."""
    other = attrs.evolve(karez, settings={**karez.settings, "KAREZ_INSTITUTION": "neighbour"})
    karez("institution", "open", "neighbour")
    mine = karez.json("facts", "open", "--origin", "coop1.example/facts", "--post-quantum")
    karez("facts", "add", "-", stdin=lines(INVOICE, VISIT))
    theirs = other.json("facts", "witness", "open", "coop2.example/witness")
    other("facts", "witness", "watch", *mine["vkeys"])
    with serving(other) as url:
        asked = karez.json("facts", "witness", "ask", url, "--vkey", theirs["vkey"])
        assert (asked["size"], asked["name"]) == (2, "coop2.example/witness")
        karez("facts", "add", "-", stdin=lines({**VISIT, "purpose": "again"}))
        assert karez.json("facts", "witness", "ask", url, "--vkey", theirs["vkey"])["size"] == 3
        assert other.json("facts", "witness", "list")["logs"][0]["size"] == 3
        fork(url, karez)
        wrong = Signer.new("coop2.example/witness", post_quantum=True).keys[1].verifier.text
        refused = karez.json("facts", "witness", "ask", url, "--vkey", wrong, code=5)
        assert refused["error"]["code"] == "note-unverified"
    found = other.json("facts", "witness", "forks", code=6)["forks"]
    assert [(each["size"], each["reason"]) for each in found] == [(3, "other root")]
    karez.write("policy", f"log {mine['vkeys'][0]}", f"witness w {theirs['vkey']}", "quorum w")
    karez("facts", "prove", 2, "--witnesses", 1, "--out", "r")
    checked = karez.json("facts", "verify", "r", "--policy", "policy")
    assert [each["name"] for each in checked["signatures"]] == [
        "coop1.example/facts", "coop2.example/witness",
    ]  # fmt: skip
    down = karez.json("facts", "witness", "ask", url, "--vkey", theirs["vkey"], code=1)
    assert down["error"]["code"] == "witness-refused"


def fork(url: str, karez: Karez) -> None:
    """Send what the log's own key signed over another history, and see how it is answered."""
    secret = (Path(karez.settings["KAREZ_HOME"]) / "keys/main/log.key").read_text().splitlines()[0]
    signer = Signer((SigningKey.parse(secret),))
    note = signer.checkpoint(3, slow_root([b"another", b"past", b"entirely"]), 0)
    sent = Submission(3, [], note).text
    answers = {
        "fork": httpx.post(f"{url}/add-checkpoint", content=sent),
        "stale": httpx.post(f"{url}/add-checkpoint", content=sent.replace("old 3", "old 0")),
        "nonsense": httpx.post(f"{url}/add-checkpoint", content="old 3"),
        "long": httpx.post(f"{url}/add-checkpoint", content="x" * (1 << 20)),
        "method": httpx.get(f"{url}/add-checkpoint"),
        "none": httpx.get(f"{url}/{'0' * 64}/checkpoint"),
    }
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "fork": 422, "stale": 422, "nonsense": 400, "long": 413, "method": 405, "none": 404,
    }  # fmt: skip
    shorter = signer.checkpoint(2, slow_root([b"another", b"past"]), 0)
    answer = httpx.post(f"{url}/add-checkpoint", content=Submission(2, [], shorter).text)
    assert (answer.status_code, answer.text) == (409, "3\n")
    assert answer.headers["content-type"] == "text/x.tlog.size"


def test_witness__that_lost_its_database(karez: Karez):
    karez("facts", "witness", "open", "w.example/w")
    given = Path(karez.settings["KAREZ_HOME"]) / "keys/main/witness.given"
    given.write_text("5\n")
    for command in (("open", "w.example/w"), ("serve", "--port", "0")):
        lost = karez.json("facts", "witness", *command, code=1)
        assert lost["error"]["code"] == "witness-lost"
    given.unlink()
    assert karez.json("facts", "witness", "open", "w", code=1)["error"]["code"] == "key-file"
