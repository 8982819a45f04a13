"""The Czech bank's file: rows in the order of its balances, and a made-up one of the same shape."""

import io
from itertools import groupby

import pytest

from karez.doors.files.bank import COLUMNS, STEP_MINOR, make_bank_file, read_bank_file
from karez.doors.files.errors import HeaderIncompleteError
from karez.doors.files.rows import read_csv
from karez.kernel.errors import KarezError


def bank_rows(text: str):
    return read_bank_file(read_csv(io.BytesIO(text.encode()), "bank.csv"))


def test_rows__of_one_day_follow_the_balance():
    text = ";".join(COLUMNS) + (
        "\n1;7;960906;withdrawal;withdrawal in cash;36000.00;5759.00;;;"
        "\n2;7;960906;credit;credit in cash;41759.00;41759.00;;;"
        "\n4;7;960907;withdrawal;;14.60;5744.50; ;;"
        "\n3;5;960101;credit;;1.00;1.00;interest credited;;\n"
    )
    rows = bank_rows(text)
    assert [row.row_id for row in rows] == ["3", "2", "1", "4"]
    assert [row.amount_minor for row in rows] == [100, 4_175_900, -3_600_000, -1_460]
    assert rows[3].symbol == ""


def test_rows__no_order_fits():
    text = (
        ";".join(COLUMNS) + "\n1;7;960906;credit;;1.00;9.00;;;\n2;7;960906;credit;;1.00;5.00;;;\n"
    )
    assert [row.row_id for row in bank_rows(text)] == ["1", "2"]


def test_made_up_file__is_the_same_each_time_and_of_the_same_shape():
    text = make_bank_file(accounts=20, rows_each=50)
    assert text == make_bank_file(accounts=20, rows_each=50)
    rows = bank_rows(text)
    assert len(rows) == 1_000
    steps: list[int] = []
    for _, of_account in groupby(rows, lambda row: row.account):
        before_minor = 0
        for row in of_account:
            steps.append(row.before_minor - before_minor)
            before_minor = row.balance_minor
    assert {abs(step) for step in steps} == {0, STEP_MINOR}
    assert any(row.symbol == "interest credited" for row in rows)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("trans_id;account_id\n", HeaderIncompleteError),
        (";".join(COLUMNS) + "\n1;7;960906\n", KarezError),
        (";".join(COLUMNS) + "\n1;7;961306;credit;;1.00;1.00;;;\n", KarezError),
        (";".join(COLUMNS) + "\n1;7;960906;credit;;much;1.00;;;\n", KarezError),
    ],
)
def test_file__that_will_not_do(text, error):
    with pytest.raises(error):
        bank_rows(text)
