"""``karez rights import``: files of claims, refusals mended and sent again, nothing twice."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from doors.conftest import Karez

HEADER = "id,kind,holder,business,person,things,amount,currency,until,rules\n"
GOOD = "1,pledge,bank-a,Brown Mill Ltd; Green Mill Co-op,,MV=KM8J3CA46JU622994; BO=77,12.50,EUR,,\n"
PERSON = '2,pledge,bank-a,,"MacDonald, Ann",MV=1HGCM82633A004352,,,2030-01-01T00:00:00Z,bc-ppsa\n'


def test_import__good_rows_are_registered_and_bad_ones_can_be_mended(
    karez: Karez, tmp_path: Path
) -> None:
    file, refused = tmp_path / "claims.csv", tmp_path / "refused.csv"
    bad = [
        "3,wish,bank-a,Brown Mill,,MV=1,,,,\n",
        "4,pledge,,Brown Mill,,MV=1,,,,\n",
        "5,pledge,bank-a,Brown Mill,,XX=1,,,,\n",
        "6,pledge,bank-a,Brown Mill,,MV=1,12.345,EUR,,\n",
        "7,pledge,bank-a,Brown Mill,,MV=1,12,,,\n",
        "8,pledge,bank-a,Brown Mill,,MV=1,,,soon,\n",
        "9,pledge,bank-a,...,,MV=1,,,,\n",
        "10,pledge,bank-a,Brown Mill,,,,,,\n",
        "11,pledge,bank-a,Brown Mill,,MV=1,,,2001-01-01T00:00:00Z,\n",
        "12,pledge,bank-a,Brown Mill\n",
    ]
    file.write_text(HEADER + GOOD + PERSON + "".join(bad))
    dry = karez.json("rights", "import", str(file), "--dry-run", code=5)
    assert (dry["registered"], dry["refused"]) == (2, 10)
    found = karez.json("rights", "import", str(file), "--rejects", str(refused), code=5)
    assert (found["rows"], found["registered"], found["replayed"]) == (12, 2, 0)
    fields = [(each["line"], each["field"]) for each in found["refusals"]]
    assert fields == [
        (4, "kind"), (5, "holder"), (6, "things"), (7, "amount"), (8, "amount"), (9, "until"),
        (10, "business"), (11, "things"), (12, ""), (13, ""),
    ]  # fmt: skip
    hit = karez.json("rights", "search", "--business", "GREEN MILL CO-OP")["hits"][0]
    assert hit["claim"]["amount_minor"] == 1250
    assert len(hit["claim"]["things"]) == 2
    assert karez.json("rights", "search", "--person", "MACDONALD, ANN")["hits"]

    mended = refused.read_text().replace("wish", "pledge").replace("pledge,,", "pledge,bank-a,")
    refused.write_text(mended)
    again = karez.json("rights", "import", str(refused), code=5)
    assert (again["rows"], again["registered"]) == (10, 2)
    whole = karez.json("rights", "import", str(file), code=5)
    assert (whole["registered"], whole["replayed"]) == (0, 2)


def test_import__the_same_id_for_another_claim_is_a_conflict(karez: Karez, tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    file.write_text(HEADER + GOOD)
    assert karez.json("rights", "import", str(file))["registered"] == 1
    file.write_text(HEADER + GOOD.replace("12.50", "13.50"))
    found = karez.json("rights", "import", str(file), code=4)
    assert found["refusals"][0]["error"]["code"] == "event-conflict"
    assert karez.json("rights", "import", str(file), "--source", "other")["registered"] == 1


def test_import__json_lines_parquet_and_rows_without_ids(karez: Karez, tmp_path: Path) -> None:
    row = {"kind": "pledge", "holder": "bank-a", "business": "Brown Mill", "things": "MV=77"}
    lines, table = tmp_path / "claims.jsonl", tmp_path / "claims.parquet"
    lines.write_text(f"{json.dumps(row)}\n{json.dumps(row)}\n")
    assert karez.json("rights", "import", str(lines))["registered"] == 2
    pq.write_table(pa.Table.from_pylist([row, row, row]), table)
    found = karez.json("rights", "import", str(table))
    assert (found["registered"], found["replayed"]) == (1, 2)


def test_import__a_header_that_means_nothing_is_named(karez: Karez, tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    file.write_text("id,kind,lender\n")
    error = karez.json("rights", "import", str(file), code=5)
    assert error["error"]["details"]["column"] == "lender"
    file.write_text("id,kind\n")
    error = karez.json("rights", "import", str(file), code=5)
    assert error["error"]["details"]["missing"] == "holder"
