"""Bytes: what we pack is what PostgreSQL packs, and any bit that changes is seen."""

from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.books.money.wire import (
    TRANSFER,
    Int2,
    Int4,
    Int8,
    Rows,
    checked_row,
    checksums,
    encode_row,
    pack_transfers,
    read_copy,
    split_rows,
    unpack_transfers,
)

WORD, HALF = st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, (1 << 31) - 1)
IDS = st.binary(min_size=16, max_size=16)
MAYBE = st.one_of(st.just(0), st.integers(1, (1 << 63) - 1))


@st.composite
def transfers(draw: st.DrawFn) -> Rows:
    rows = np.zeros(draw(st.integers(0, 12)), dtype=TRANSFER)
    for row in rows:
        for name in TRANSFER.names or ():
            kind = TRANSFER[name]
            if kind.itemsize == 16:
                row[name] = draw(IDS)
            else:
                most = 1 << (8 * kind.itemsize - 1)
                row[name] = draw(st.integers(-most, most - 1))
        row["asked_minor"], row["expires_at"] = draw(MAYBE), draw(MAYBE)
        row["target_line"] = draw(st.one_of(st.just(-1), HALF))
        if row["target_line"] < 0:
            row["target_entry_id"] = bytes(16)
    return rows


@given(transfers())
def test_unpack__gives_back_what_was_packed(rows: Rows) -> None:
    stream = b"".join(pack_transfers(rows))
    again, offsets = unpack_transfers(stream)
    assert again.tobytes() == rows.tobytes()
    assert offsets[0] == 0
    assert offsets[-1] == len(stream)
    for place in range(len(rows)):
        alone = stream[offsets[place] : offsets[place + 1]]
        assert alone == b"".join(pack_transfers(rows[place : place + 1]))


@pytest.mark.parametrize("pattern", range(8))
@pytest.mark.parametrize("count", [1, 2, 4_001])
def test_unpack__every_pattern_of_nulls(pattern: int, count: int) -> None:
    rows = np.zeros(count, dtype=TRANSFER)
    rows["position"] = np.arange(count)
    rows["target_line"] = 3 if pattern & 1 else -1
    rows["target_entry_id"] = b"t" * 16 if pattern & 1 else bytes(16)
    rows["asked_minor"] = 7 if pattern & 2 else 0
    rows["expires_at"] = 9 if pattern & 4 else 0
    again, _ = unpack_transfers(b"".join(pack_transfers(rows)))
    assert (again == rows).all()


@given(transfers().filter(len), st.data())
def test_checksum__changes_with_any_bit(rows: Rows, data: st.DataObject) -> None:
    before = checksums(rows)
    name = data.draw(st.sampled_from([n for n in TRANSFER.names or () if n != "checksum"]))
    place = data.draw(st.integers(0, len(rows) - 1))
    octets = bytearray(rows[name][place].tobytes())
    bit = data.draw(st.integers(0, 8 * len(octets) - 1))
    octets[bit // 8] ^= 1 << bit % 8
    rows[name][place] = np.frombuffer(bytes(octets), dtype=TRANSFER[name])[0]
    after = checksums(rows)
    assert (np.flatnonzero(before != after) == [place]).all()
    assert before[place] != after[place]


def test_small_row__is_what_postgresql_sends(connection: psycopg.Connection) -> None:
    instant = datetime(2026, 1, 5, 12, 30, 1, 234567, tzinfo=UTC)
    identity = UUID(int=7)
    ours = encode_row(
        (Int2(-2), Int4(3), Int8(-(1 << 62)), True, "für Öl 油", identity, date(1999, 12, 31),
         instant, None)
    )  # fmt: skip
    theirs = read_copy(
        connection,
        "COPY (SELECT (-2)::smallint, 3, {}::bigint, true, {}, {}::uuid, '1999-12-31'::date,"
        " {}::timestamptz, NULL::text) TO STDOUT (FORMAT BINARY)",
        (-(1 << 62), "für Öl 油", str(identity), instant.isoformat()),
    )
    assert ours == theirs


def test_small_row__checksum_sees_any_bit() -> None:
    values = (Int4(1), "ann", None, datetime(2026, 1, 5, tzinfo=UTC), Int4(0))
    whole = checked_row(values)
    (record,) = split_rows(whole)
    assert record.checksum_holds
    # A byte of the text, the instant, the position, and the checksum itself.
    for place in (whole.index(b"ann"), len(whole) - 22, len(whole) - 13, len(whole) - 1):
        for bit in range(8):
            octets = bytearray(whole)
            octets[place] ^= 1 << bit
            (damaged,) = split_rows(bytes(octets))
            assert not damaged.checksum_holds


def test_encode_row__a_plain_int_has_no_width() -> None:
    with pytest.raises(TypeError, match="no binary form for int"):
        encode_row((1,))
