"""``karez rights`` and ``karez consent`` as people run them."""

from doors.conftest import Karez

CLAIM = (
    "--kind", "pledge", "--holder", "bank-a", "--business", "Brown Automotive Ltd.",
    "--thing", "MV=KM8J3CA46JU622994",
)  # fmt: skip
CONSENT = (
    "--grantor", "ann", "--receiver", "bank-b", "--purpose", "underwriting",
    "--scope", "TRANSACTIONS", "--series", "2001", "--mode", "VIEW",
    "--starts-at", "2020-01-01T00:00:00Z", "--ends-at", "2090-01-01T00:00:00Z",
    "--range-from", "2026-01-01", "--range-to", "2026-06-30",
)  # fmt: skip
USE = (
    "--receiver", "bank-b", "--purpose", "underwriting", "--scope", "TRANSACTIONS",
    "--series", "2001", "--from", "2026-01-01", "--to", "2026-06-30",
)  # fmt: skip


def test_rights__the_life_of_a_claim(karez: Karez):
    preview = karez.json("rights", "register", *CLAIM, "--preview")
    assert preview["preview"] is True
    assert karez.json("rights", "search", "--business", "Brown Automotive")["hits"] == []
    right = karez.json("rights", "register", *CLAIM, "--until", "2030-01-01T00:00:00Z")["right"]
    found = karez.json("rights", "search", "--business", "BROWN AUTO MOTIVE", "--certificate")
    assert [(hit["right_id"], hit["match"]) for hit in found["hits"]] == [(right, "EXACT")]
    certificate = found["certificate"]["certificate_id"]
    assert karez.json("rights", "certificate", certificate) == found["certificate"]
    assert "SIMILAR" in karez("rights", "search", "--thing", "MV=JU622994")
    karez("rights", "amend", right, "--business", "Green Mill Co-op", "--amount", "100.00",
          "--currency", "EUR", "--by", "ada")  # fmt: skip
    karez("rights", "renew", right, "--until", "2031-01-01T00:00:00Z")
    karez("rights", "transfer", right, "--from", "bank-a", "--to", "bank-b")
    error = karez.json("rights", "transfer", right, "--from", "bank-a", "--to", "x", code=4)
    assert error["error"]["code"] == "not-the-holder"
    senior = karez.json("rights", "register", *CLAIM)["right"]
    karez("rights", "subordinate", right, "--under", senior)
    karez("rights", "release", right, "--reason", "paid")
    shown = karez.json("rights", "show", right)
    assert (shown["state"], shown["holder"], shown["amount"]) == ("released", "bank-b", "100.00")
    assert [event["action"] for event in shown["events"]] == [
        "register", "amend", "renew", "transfer", "subordinate", "release",
    ]  # fmt: skip
    assert karez.json("rights", "verify")["sound"] is True
    karez("rights", "show", "rgt_00000000000000000000000000", code=3)
    karez("rights", "search", code=2)


def test_rights__one_invoice_two_lenders(karez: Karez):
    invoice = ("--kind", "assignment", "--business", "Seller Ltd", "--thing", "F1=ab12")
    until = ("--keep-until", "2090-01-01T00:00:00Z")
    first = karez.json("rights", "reserve", *invoice, *until, "--holder", "bank-a")["right"]
    error = karez.json("rights", "reserve", *invoice, *until, "--holder", "bank-b", code=4)
    assert error["error"]["details"] == {"financed": "no"}
    assert "bank-a" not in error["error"]["message"]
    karez("rights", "finance", first)
    error = karez.json("rights", "reserve", *invoice, *until, "--holder", "bank-b", code=4)
    assert error["error"]["details"] == {"financed": "yes"}
    second = karez.json(
        "rights", "reserve", *invoice[:-1], "F1=cd34", *until, "--holder", "bank-b"
    )["right"]
    assert "cancelled" in karez("rights", "cancel", second)


def test_consent__granted_used_withdrawn(bank: Karez):
    bank.write("in.csv", "id,valid_on,debit,credit,amount", "a,2026-02-01,1000,2001,12.50")
    bank("post", bank.folder / "in.csv")
    consent = bank.json("consent", "grant", *CONSENT, "--uses", "2")["right"]
    assert "allowed" in bank("consent", "check", consent, *USE)
    read = bank.json("consent", "read", consent, *USE)
    assert [(line["account"], line["amount"]) for line in read["lines"]] == [("2001", "12.50")]
    wrong = [*USE[:3], "marketing", *USE[4:]]
    error = bank.json("consent", "read", consent, *wrong, code=4)
    assert error["error"]["code"] == "consent-purpose"
    uses = bank.json("consent", "uses", consent)["uses"]
    assert [(use["verdict"], use["row_count"], use["facts"]) for use in uses] == [
        ("allowed", 1, [0, 1]), ("consent-purpose", None, [2]),
    ]  # fmt: skip
    assert bank.json("facts", "show", "2")["fact"]["use_id"] == uses[1]["use_id"]
    assert bank.json("consent", "list", "--grantor", "ann") == {"consents": [consent]}
    bank("consent", "revoke", consent, "--reason", "enough")
    assert "revoked" in bank("consent", "show", consent)
    error = bank.json("consent", "check", consent, *USE, code=4)
    assert error["error"]["code"] == "consent-revoked"
    beyond = bank.json("consent", "grant", *CONSENT, "--template", "underwriting", code=5)
    assert beyond["error"]["code"] == "template-exceeded"
