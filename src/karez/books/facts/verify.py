"""Does the log agree with itself? Recomputed from the entries; nothing that is stored is trusted.

Every tile, every checkpoint with its signature, the head, and every body that is still there
against the commitment that the log shows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

import attrs
import msgspec

from karez.books.facts.canonical import commitment
from karez.books.facts.errors import NoteMalformedError, NoteUnverifiedError
from karez.books.facts.log import Head, read_log
from karez.books.facts.queries import QUERIES
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.edge import Edge, FullTile
from karez.books.facts.tlog.merkle import leaf_hash
from karez.books.facts.tlog.note import Note
from karez.kernel.finding import Findings

if TYPE_CHECKING:
    import psycopg

ENTRIES_AT_ONCE = 8_192


@attrs.define
class Verification(Findings):
    """What was looked at, and what disagrees; of many findings the first hundred."""

    most: ClassVar[int] = 100
    origin: str
    entries: int = 0
    bodies: int = 0
    tiles: int = 0
    checkpoints: int = 0


class _Entry(msgspec.Struct):
    """What an entry must say to be held to its body."""

    commitment: str
    issuer: str


_DECODER = msgspec.json.Decoder(_Entry)


def verify(
    connection: psycopg.Connection, tell: Callable[[int, int], None] = lambda _done, _of_all: None
) -> Verification:
    """Check the whole log of this institution, in the caller's transaction.

    Raises:
        LogNotOpenError: there is no log.
    """
    head = read_log(connection)
    report = Verification(head.origin)
    edge = Edge()
    for start in range(0, head.size, ENTRIES_AT_ONCE):
        stop = min(head.size, start + ENTRIES_AT_ONCE)
        leaves = list(_leaves(connection, head, report, start, stop))
        if len(leaves) != stop - start:
            break
        edge = _check_stretch(connection, head, report, edge, leaves)
        tell(stop, head.size)
    if edge.size == head.size:
        if edge.root != head.root:
            report.find("root", "log", head.origin, "the entries make another root")
        found = connection.execute(QUERIES["count_tiles"].text).fetchone()
        if found is None or found[0] != report.tiles:
            report.find("tiles", "tile", head.origin, "there are tiles that no entries filled")
    nameless = connection.execute(QUERIES["nameless"].text).fetchone()
    if nameless and nameless[0]:
        report.find("subject", "body", head.origin, f"{nameless[0]} bodies are of nobody known")
    beyond = connection.execute(QUERIES["beyond"].text, {"size": head.size}).fetchone()
    for table, count in zip(("entry", "body", "checkpoint"), beyond or (), strict=True):
        if count:
            report.find("size", table, head.size, f"{count} rows stand beyond the head")
    return report


def _leaves(
    connection: psycopg.Connection, head: Head, report: Verification, start: int, stop: int
) -> Iterator[bytes]:
    """Yield the leaf hashes of a stretch, each body held to its entry on the way."""
    rows = connection.execute(
        QUERIES["entries_and_bodies"].text, {"start": start, "stop": stop}, binary=True
    ).fetchall()
    for expected, (index, leaf, body, salt) in enumerate(rows, start):
        if index != expected:
            report.find("gap", "entry", expected, "it is missing")
            return
        report.entries += 1
        try:
            entry = _DECODER.decode(leaf)
        except msgspec.DecodeError as fault:
            report.find("entry", "entry", index, str(fault))
        else:
            if entry.issuer != head.origin:
                report.find("entry", "entry", index, "it is of another log")
            if body is not None:
                report.bodies += 1
                if commitment(salt, body).hex() != entry.commitment:
                    report.find("commitment", "body", index, "it is not what was recorded")
        yield leaf_hash(leaf)
    if len(rows) < stop - start:
        report.find("gap", "entry", start + len(rows), "it is missing")


def _check_stretch(
    connection: psycopg.Connection,
    head: Head,
    report: Verification,
    edge: Edge,
    leaves: Sequence[bytes],
) -> Edge:
    """Hold the tiles and checkpoints of a stretch to its leaves, and return the edge after it."""
    first = edge.size
    between = {"start": first, "stop": first + len(leaves)}
    rows = connection.execute(QUERIES["checkpoints_between"].text, between).fetchall()
    filled: list[FullTile] = []
    for size, root, text in rows:
        edge, more = edge.grow(leaves[edge.size - first : size - first])
        filled += more
        _check_note(head, report, Checkpoint(head.origin, size, edge.root), bytes(root), text)
    edge, more = edge.grow(leaves[edge.size - first :])
    _check_tiles(connection, report, filled + more)
    if edge.size == head.size and (not rows or rows[-1][0] != head.size):
        report.find("checkpoint", "checkpoint", head.size, "the log ends without one")
    return edge


def _check_note(
    head: Head, report: Verification, expected: Checkpoint, root: bytes, text: str
) -> None:
    report.checkpoints += 1
    try:
        note = Note.parse(text)
        signed = note.verify(head.keys)
        fits = Checkpoint.parse(note.body) == expected and root == expected.root
    except (NoteMalformedError, NoteUnverifiedError) as fault:
        report.find("signature", "checkpoint", expected.size, str(fault))
        return
    if not fits:
        report.find("root", "checkpoint", expected.size, "the entries make another root")
    if len(signed) != len(head.keys):
        report.find("signature", "checkpoint", expected.size, "a signature is missing")


def _check_tiles(
    connection: psycopg.Connection, report: Verification, filled: Sequence[FullTile]
) -> None:
    for level in {tile.level for tile in filled}:
        of_level = {tile.number: tile for tile in filled if tile.level == level}
        asked = {"level": level, "start": min(of_level), "stop": max(of_level) + 1}
        rows = connection.execute(QUERIES["tiles_from"].text, asked).fetchall()
        stored = {number: (bytes(nodes), bytes(root)) for number, nodes, root in rows}
        for number, tile in of_level.items():
            if number not in stored:
                report.find("tile", "tile", f"{level}/{number}", "it is missing")
                continue
            report.tiles += 1
            if stored[number] != (tile.hashes, tile.root):
                report.find("tile", "tile", f"{level}/{number}", "it is not what the entries make")
