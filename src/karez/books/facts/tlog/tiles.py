"""The tree cut into tiles, and the entries into bundles (c2sp.org/tlog-tiles).

A tile of level L holds 256 hashes of complete subtrees of 256^L leaves. The last tile of a level
may be partial; it is no more than the beginning of the full one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from karez.books.facts.errors import TileMalformedError
from karez.books.facts.tlog.merkle import HASH_LENGTH, root_of

TILE_WIDTH = 256
TILE_BITS = 8

Tiles = Callable[[int, int, int], bytes]
"""Gives the tile at level and number, or the beginning of it that is so many hashes wide."""


def tile_path(level: int | str, number: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile, or with the level ``entries`` of a bundle."""
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.append(f"x{number % 1000:03}")
    path = f"tile/{level}/{'/'.join(reversed(groups))}"
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def tile_widths(size: int) -> list[tuple[int, int, int]]:
    """Return level, count of full tiles and width of the partial one, for a tree of this size."""
    levels: list[tuple[int, int, int]] = []
    level = 0
    while size:
        levels.append((level, size >> TILE_BITS, size % TILE_WIDTH))
        size >>= TILE_BITS
        level += 1
    return levels


def nodes_in(tiles: Tiles, size: int) -> Callable[[int, int], bytes]:
    """Return what gives the hash of any complete subtree of a tree of ``size`` leaves.

    Raises:
        TileMalformedError: a tile is not as long as it must be.
    """

    def node(level: int, index: int) -> bytes:
        tile_level, inner = divmod(level, TILE_BITS)
        first = index << inner
        number, offset = divmod(first, TILE_WIDTH)
        width = min(TILE_WIDTH, (size >> TILE_BITS * tile_level) - number * TILE_WIDTH)
        hashes = split_tile(tiles(tile_level, number, width), width)
        return root_of(hashes[offset : offset + (1 << inner)])

    return node


def split_tile(tile: bytes, width: int) -> list[bytes]:
    """Return the hashes of a tile.

    Raises:
        TileMalformedError: it is not as long as it must be.
    """
    if len(tile) != width * HASH_LENGTH:
        raise TileMalformedError(reason=f"it has {len(tile)} octets, not {width * HASH_LENGTH}")
    return [tile[at : at + HASH_LENGTH] for at in range(0, len(tile), HASH_LENGTH)]


def make_bundle(entries: Sequence[bytes]) -> bytes:
    """Return entries as a bundle: each after its length in two octets."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def split_bundle(bundle: bytes) -> list[bytes]:
    """Return the entries of a bundle.

    Raises:
        TileMalformedError: a length does not fit what follows it.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        entry = bundle[at + 2 : at + 2 + length]
        at += 2 + length
        if at > len(bundle) or len(entry) != length:
            raise TileMalformedError(reason="an entry ends after its bundle does")
        entries.append(entry)
    return entries
