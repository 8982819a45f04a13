"""``karez trust``: no database, so within this process."""

import hashlib
import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from karez.doors.cli import cli
from karez.doors.cli.shell import run

PARTIES = [
    {"id": "mill", "tax_id": "91-1"},
    {"id": "baker", "tax_id": "92-2"},
    {"id": "carrier"},
    {"id": "ann", "staff": True, "accounts": ["till"]},
]
KEYS = [
    {"id": f"key of {party}", "party": party, "direct": True}
    for party in ("mill", "baker", "carrier")
]
FLOUR = {"item": "flour", "quantity": "1000", "amount": "1000.00"}


def advance(name="A1", **changes):
    usual = {
        "id": name, "against": "goods", "lender": "county", "party": "mill", "buyer": "baker",
        "on": "2026-03-10", "amount": "1000.00", "currency": "EUR",
    }  # fmt: skip
    return usual | changes


def papers(name="A1", **changes):
    """Return the documents of a good sale; a change names a kind."""
    usual = {
        "order": {"on": "2026-03-01", "place": "bakery", "lines": [FLOUR]},
        "despatch": {
            "on": "2026-03-03", "place": "bakery", "key": "key of mill", "lines": [FLOUR],
        },
        "carriage": {"on": "2026-03-03", "key": "key of carrier"},
        "receipt": {
            "on": "2026-03-04", "place": "bakery", "key": "key of baker", "lines": [FLOUR],
        },
        "invoice": {"on": "2026-03-05", "number": "INV-0042", "lines": [FLOUR]},
    }  # fmt: skip
    return [
        {"id": f"{kind} of {name}", "advance": name, "kind": kind} | fields | changes.get(kind, {})
        for kind, fields in usual.items()
    ]


def trades(**tables):
    """Return a good sale; a table that is named is put in the place of its own."""
    usual = {"parties": PARTIES, "keys": KEYS, "advances": [advance()], "documents": papers()}
    return usual | tables


@pytest.fixture
def assess(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Return a function that assesses tables; it gives what was printed, and on which channel."""

    def call(tables, *options, code=0):
        path = tmp_path / "trades.json"
        path.write_text(json.dumps(tables), encoding="utf-8")
        found = run(cli, ["trust", "assess", str(path), *options])
        printed = capsys.readouterr()
        assert found == code, printed
        return printed

    return call


def test_good_sale__is_believed(assess):
    printed = assess(trades())
    assert printed.out.splitlines() == [
        "advance  against  currency   amount  believable  verdict",
        "A1       goods    EUR       1000.00     1000.00  pass",
    ]


def test_short_delivery__says_what_is_believable_and_why(assess):
    short = papers(receipt={"lines": [FLOUR | {"quantity": 900, "amount": "900.00"}]})
    lines = assess(trades(documents=short), code=6).out.splitlines()
    assert lines[1] == "A1       goods    EUR       1000.00      900.00  review"
    matched = "order 1000, despatch 1000, receipt 900, invoice 1000"
    assert lines[3] == "A1"
    assert lines[4:] == [f"  three-way: 90% of the invoice is matched; flour: {matched}"]


def test_renumbered__is_seen_at_another_lender(assess):
    again = [advance(), advance("A2", lender="rural", on="2026-03-12")]
    documents = papers() + papers("A2", invoice={"number": "inv 42"})
    found = json.loads(assess(trades(advances=again, documents=documents), "--json", code=6).out)
    first, second = found["advances"]
    assert (first["verdict"], second["verdict"]) == ("pass", "reject")
    assert second["believable"] == "0.00"
    reason = next(one for one in second["reasons"] if one["verdict"] == "reject")
    assert reason["check_id"] == "fingerprint"
    assert len(reason["inputs"]) == len(papers()) + 2  # its papers, itself, and the other advance


def test_currency__without_decimals_has_its_own_units(assess):
    line = {"item": "rice", "quantity": 10, "amount": 500}
    documents = papers(**{kind: {"lines": [line]} for kind in ("order", "despatch", "receipt",
                                                               "invoice")})  # fmt: skip
    found = assess(trades(advances=[advance(currency="JPY", amount=500)], documents=documents))
    assert "A1       goods    JPY          500         500  pass" in found.out


@pytest.mark.parametrize(
    ("table", "rows", "words"),
    [
        ("advances", [advance("A2", amount="1.005")], "more than the 2 decimals"),
        ("advances", [advance("A2", amount=-5)], "the amount -5 is not more than nothing"),
        ("advances", [advance("A2", currency="ZZZ")], "'ZZZ' is not a currency"),
        ("advances", [advance("A2", buyer=None)], "an advance against goods names a buyer"),
        ("advances", [advance("A2", party="nobody")], "nobody is not in the table parties"),
        ("advances", [advance("A2", on="soon")], "`$.on`"),
        ("advances", [advance("A2") | {"amout": 1}], "unknown field `amout`"),
        ("advances", [advance()], "the id A1 was there before"),
        ("documents", papers("A2", order={"lines": [FLOUR | {"quantity": -1}]}),
         "the quantity -1 is out of bounds"),
        ("documents", papers("A2", receipt={"key": "lost"}), "lost is not in the table keys"),
        ("stock", [{"store": "s", "item": "x", "kind": "in", "quantity": 1, "on": "2026-01-01"}],
         "s is not in the table stores"),
        ("series", [{"party": "mill", "month": "March", "sales": 1}], "'March' is no month"),
    ],
)  # fmt: skip
def test_broken_row__is_named_and_the_others_are_assessed(assess, table, rows, words):
    tables = trades()
    if table == "documents":
        tables["advances"] = [advance(), advance("A2")]
    tables[table] = [*tables.get(table, []), *rows]
    printed = assess(tables, code=5)
    assert words in printed.err
    assert "error[trade-row]" in printed.err
    assert f"table {table}, row {len(tables[table]) if table != 'documents' else ''}" in printed.err
    named = [line.split()[0] for line in printed.out.splitlines()[1:2]]
    assert named == ([] if "was there before" in words else ["A1"])
    assert not any(line.startswith("A2") for line in printed.out.splitlines())


def test_broken_row__of_an_advance_takes_the_advance_along(assess):
    broken = [*papers(), {"id": "more", "advance": "A1", "kind": "rumour", "on": "2026-03-01"}]
    printed = assess(trades(documents=broken), code=5)
    assert "row 6: Invalid enum value 'rumour'" in printed.err
    assert printed.out.splitlines() == ["advance  against  currency  amount  believable  verdict"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Input data was truncated"),
        ("[]", "Expected `object`"),
        ('{"advances": 3}', "Expected `array`"),
        ('{"advances": [], "parties": [], "rumours": []}', "it has a table rumours"),
        ("{}", "it has no table advances"),
        ("\xff", "file of trades"),
    ],
)
def test_no_file_of_trades__is_refused(capsys, tmp_path, text, words):
    path = tmp_path / "trades.json"
    path.write_bytes(text.encode("latin-1"))
    assert run(cli, ["trust", "assess", str(path)]) == 5
    assert words in capsys.readouterr().err
    assert run(cli, ["trust", "assess", str(tmp_path / "nowhere.json")]) == 5


def test_folder__has_a_file_for_each_table(capsys, tmp_path):
    for name, rows in trades().items():
        lines = [json.dumps(row) for row in rows]
        (tmp_path / f"{name}.jsonl").write_text("\n".join([*lines, "", "  "]), encoding="utf-8")
    assert run(cli, ["trust", "assess", str(tmp_path)]) == 0
    assert "A1       goods    EUR       1000.00     1000.00  pass" in capsys.readouterr().out


def loan(number, photo):
    """Return the rows of a loan to a person, with a visit and a photo."""
    name = f"L{number}"
    begins = f"2026-03-0{number}T10:00:00"
    return {
        "parties": [{"id": name, "phones": [f"555-{number}"]}],
        "advances": [advance(name, against="loan", party=name, buyer=None, officer="ann",
                             on="2026-03-09")],
        "visits": [{
            "id": name, "advance": name, "officer": "ann", "begins": begins,
            "ends": f"2026-03-0{number}T10:40:00", "latitude": 30, "longitude": 104,
            "accuracy_metres": 8, "site_latitude": 30, "site_longitude": 104, "answers": [number],
        }],
        "photos": [{"visit": name, "taken": begins, "file": photo}],
        "borrowings": [{"advance": name, "first_time": True, "paid_to": f"wallet {number}"}],
    }  # fmt: skip


def loans(*several):
    tables = {"parties": list(PARTIES)}
    for one in several:
        for name, rows in one.items():
            tables.setdefault(name, []).extend(rows)
    return tables


def test_photo__that_was_shown_before_is_held(assess, tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    shop = Image.fromarray(noise).resize((320, 240))
    shop.save(tmp_path / "one.jpg")
    shop.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "two.png")
    printed = assess(loans(loan(2, "two.png"), loan(1, "one.jpg")), code=6)
    assert "L2\n  photo: its photo was shown for L1 before (0 of 64 bits differ)" in printed.out


def test_photo__that_is_none_leaves_its_advance_out(assess, tmp_path):
    (tmp_path / "one.jpg").write_text("no picture")
    printed = assess(loans(loan(1, "one.jpg")), code=5)
    assert "table photos, row 1" in printed.err
    assert "cannot be read as a picture" in printed.err
    assert printed.err.count("error[") == 1
    assert len(printed.out.splitlines()) == 1  # the heading


def test_broken_advance__takes_all_its_rows_along_without_a_word(assess, tmp_path):
    Image.new("L", (64, 64), 99).save(tmp_path / "one.png")
    tables = loans(loan(1, "one.png"), loan(2, "one.png"))
    tables["advances"][0]["amount"] = -1
    printed = assess(tables, code=5)
    assert printed.err.count("error[") == 1
    assert [line.split()[0] for line in printed.out.splitlines()[1:2]] == ["L2"]


def test_loan__paid_to_the_staff_is_held(assess, tmp_path):
    Image.new("L", (64, 64), 99).save(tmp_path / "one.png")
    tables = loans(loan(1, "one.png"))
    tables["borrowings"][0]["paid_to"] = "till"
    assert "identity: it was paid to ann" in assess(tables, code=6).out


def test_photo__of_another_time_by_its_own_file_is_reviewed(assess, tmp_path):
    fields = Image.Exif()
    fields.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2025:12:24 18:00:00"
    Image.new("L", (64, 64), 99).save(tmp_path / "one.jpg", exif=fields)
    printed = assess(loans(loan(1, "one.jpg")), code=6)
    assert "visit: by its own file a photo is of another time" in printed.out


def test_tax_id__that_is_not_active_holds(assess):
    rows = [
        {"party": "mill", "begins": "2020-01-01", "ends": "2026-03-05"},
        {"party": "baker", "begins": "2020-01-01"},
    ]
    printed = assess(trades(registrations=rows), code=6)
    assert "tax-id: the tax id of mill was not active on 2026-03-05" in printed.out
    assess(trades(registrations=[{**rows[0], "ends": "2026-03-06"}, rows[1]]))
    printed = assess(trades(registrations=[{**rows[0], "ends": "2019-12-31"}]), code=5)
    assert "table registrations, row 1" in printed.err
    assert "ends before it begins" in printed.err


def test_arrears__and_departures_are_read(assess, tmp_path):
    Image.new("L", (64, 64), 99).save(tmp_path / "one.png")
    tables = loans(loan(1, "one.png")) | {
        "arrears": [{"advance": "L1", "on": "2026-06-01", "days": 40}],
        "departures": [{"officer": "ann", "on": "2026-05-01"}],
    }
    assess(tables)  # one loan is too few to be compared
    tables["departures"][0]["officer"] = "bob"
    assert "table departures, row 1" in assess(tables, code=5).err


def test_revisits__can_be_drawn_again_by_anyone(capsys, tmp_path):
    tables = loans(*(loan(number, "one.png") for number in range(1, 10)))
    del tables["photos"]
    path = tmp_path / "trades.json"
    path.write_text(json.dumps(tables), encoding="utf-8")

    def call(*options, code=0):
        assert run(cli, ["trust", "revisits", str(path), *options]) == code
        return capsys.readouterr().out

    first = json.loads(call("--json", "--share", "50"))
    assert hashlib.sha256(bytes.fromhex(first["seed"])).hexdigest() == first["commitment"]
    assert first["visits"] == 9
    again = json.loads(call("--json", "--share", "50", "--seed", first["seed"]))
    assert again == first
    assert json.loads(call("--json", "--share", "100"))["drawn"][0] == {
        "visit": "L1",
        "officer": "ann",
        "advance": "L1",
    }
    shown = call("--seed", "00" * 32)
    assert shown.splitlines()[0] == f"commitment  {hashlib.sha256(bytes(32)).hexdigest()}"
    call("--seed", "abc", code=2)
    call("--seed", "00", code=2)


def test_trades_page__is_up_to_date():
    script = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts" / "trades_page.py"))
    written = script["PAGE"].read_text(encoding="utf-8")
    assert written == script["page"](), "run: python scripts/trades_page.py --write"
