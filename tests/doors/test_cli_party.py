"""``karez party``, as people run it."""

from doors.conftest import Karez


def test_party__from_file_to_tie(karez: Karez):
    file = karez.write(
        "parties.csv",
        "kind,name,keys,given,began_on",
        "firm,Old Mill Ltd,tin:100;gln:9,,",
        "person,Lee,nin:1,Ann,1990-02-30",
        "person,Lee,nin:1,Ann,1990-02-28",
        "shop,Corner,tin:3,,",
        "firm,,tin:4,,",
        "firm,Other,tin:100;nin:1,,",
    )
    done = karez.json("party", "import", file, code=5)
    assert (done["rows"], done["recorded"], done["refused"]) == (6, 2, 4)
    assert [(each["line"], each["field"], each["error"]["code"]) for each in done["refusals"]] == [
        (3, "", "date-malformed"),
        (5, "", "choice-unknown"),
        (6, "name", "field-missing"),
        (7, "", "party-merge"),
    ]
    assert karez.json("party", "import", file, code=5)["there_already"] == 2
    assert karez.json("party", "find", "old mill")["parties"][0]["keys"] == ["tin:100", "gln:9"]
    assert karez.json("party", "tie", "nin:1", "guarantor-of", "gln:9", "--on", "2026-03-01")[
        "changed"
    ]
    shown = karez.json("party", "show", "tin:100", "--on", "2026-03-31")
    assert shown["ties"] == [
        {"party": "nin:1", "tie": "guarantor-of", "other": "tin:100", "since": "2026-03-01"}
    ]
    assert "Old Mill" in karez("party", "show", "tin:100")
    assert karez.json("party", "show", "tin:404", code=3)["error"]["code"] == "party-not-found"


def test_party__added_by_hand(karez: Karez):
    once = ("party", "add", "firm", "Old Mill", "--key", "tin:1")
    assert "would be recorded" in karez(*once, "--preview")
    assert "is recorded" in karez(*once)
    assert "stands so already" in karez(*once)
    assert "Of the same name" in karez("party", "add", "firm", "Old Mill Ltd", "--key", "tin:2")
    refused = karez.json("party", "add", "person", "Mill", "--key", "tin:1", code=4)
    assert refused["error"]["code"] == "party-kind"
    assert karez.json("party", "add", "firm", "Mill", "--key", "1", code=5)["error"]["code"] == (
        "party-malformed"
    )
