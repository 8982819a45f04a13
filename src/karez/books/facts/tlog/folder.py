"""Checking a log that lies as files in a folder, against nothing but the key of its keeper."""

from __future__ import annotations

from collections.abc import Callable

from karez.books.facts.errors import NoteMalformedError, ProofInvalidError, TileMalformedError
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.edge import Edge, FullTile
from karez.books.facts.tlog.merkle import leaf_hash
from karez.books.facts.tlog.note import Note
from karez.books.facts.tlog.policy import Policy
from karez.books.facts.tlog.tiles import TILE_WIDTH, split_bundle, tile_path

Read = Callable[[str], bytes]
"""Gives the content of a file of the log by its path."""


def check_folder(
    read: Read, policy: Policy, tell: Callable[[int, int], None] = lambda _done, _of_all: None
) -> Checkpoint:
    """Recompute the tree from the entries, hold every tile and the signed root to it.

    Raises:
        ProofInvalidError: a file is not what the entries make it, or a bundle is no bundle.

    Else raises as ``Policy.check`` does.
    """
    try:
        note = Note.parse(read("checkpoint").decode())
    except UnicodeDecodeError as fault:
        raise NoteMalformedError(reason="it is not UTF-8") from fault
    checkpoint, _ = policy.check(note)
    edge = Edge()
    for start in range(0, checkpoint.size, TILE_WIDTH):
        width = min(TILE_WIDTH, checkpoint.size - start)
        path = tile_path("entries", start // TILE_WIDTH, width)
        edge, filled = edge.grow([leaf_hash(entry) for entry in _entries(read(path), path, width)])
        for tile in filled:
            _check_tile(read, tile)
        tell(start + width, checkpoint.size)
    for level, row in enumerate(edge.rows):
        if row:
            number = checkpoint.size // TILE_WIDTH ** (level + 1)
            path = tile_path(level, number, len(row))
            _compare(read(path) == b"".join(row), path)
    _compare(edge.root == checkpoint.root, "checkpoint")
    return checkpoint


def _entries(bundle: bytes, path: str, width: int) -> list[bytes]:
    try:
        entries = split_bundle(bundle)
    except TileMalformedError as fault:
        raise ProofInvalidError(reason=f"{path}: {fault}") from fault
    _compare(len(entries) == width, path)
    return entries


def _check_tile(read: Read, tile: FullTile) -> None:
    path = tile_path(tile.level, tile.number)
    _compare(read(path) == tile.hashes, path)


def _compare(same: object, path: str) -> None:
    if not same:
        raise ProofInvalidError(reason=f"{path} is not what the entries make it")
