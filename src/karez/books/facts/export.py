"""The log as files that any web server can serve and anyone can check (c2sp.org/tlog-tiles).

Only the log: entries, tiles, checkpoint. Bodies and salts are no part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from karez.books.facts.errors import LogNotOpenError
from karez.books.facts.log import partial_tile
from karez.books.facts.queries import QUERIES
from karez.books.facts.read import read_checkpoint, read_entries
from karez.books.facts.tlog.tiles import TILE_WIDTH, make_bundle, tile_path, tile_widths

if TYPE_CHECKING:
    import psycopg

_TILES_AT_ONCE = 64
CHECKPOINT = "checkpoint"


def log_files(
    connection: psycopg.Connection, is_there: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the files of the log, the checkpoint last.

    A full tile or bundle never changes: one that ``is_there`` already is passed over. Whoever
    writes the files in this order never shows a checkpoint without the tiles below it.

    Raises:
        LogNotOpenError: there is nothing in the log yet.
    """
    found = read_checkpoint(connection)
    if found is None:
        raise LogNotOpenError
    size, note = found
    yield from _bundles(connection, size, is_there)
    for level, full, width in tile_widths(size):
        yield from _full_tiles(connection, level, full, is_there)
        if width:
            hashes = partial_tile(connection, level, full, width)
            yield tile_path(level, full, width), b"".join(hashes)
    yield CHECKPOINT, note.text.encode()


def _bundles(
    connection: psycopg.Connection, size: int, is_there: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    for number in range((size + TILE_WIDTH - 1) // TILE_WIDTH):
        start = number * TILE_WIDTH
        width = min(TILE_WIDTH, size - start)
        path = tile_path("entries", number, width)
        if width < TILE_WIDTH or not is_there(path):
            yield path, make_bundle(read_entries(connection, start, start + width))


def _full_tiles(
    connection: psycopg.Connection, level: int, full: int, is_there: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    for start in range(0, full, _TILES_AT_ONCE):
        stop = min(full, start + _TILES_AT_ONCE)
        if all(is_there(tile_path(level, number)) for number in range(start, stop)):
            continue
        asked = {"level": level, "start": start, "stop": stop}
        for number, nodes, _ in connection.execute(QUERIES["tiles_from"].text, asked).fetchall():
            if not is_there(tile_path(level, number)):
                yield tile_path(level, number), bytes(nodes)
