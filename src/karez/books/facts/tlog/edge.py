"""The right edge of the growing tree: all that an append needs of what stands before it."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from karez.books.facts.tlog.merkle import EMPTY_ROOT, complete_subtrees, node_hash, root_of
from karez.books.facts.tlog.tiles import TILE_WIDTH


@attrs.frozen
class FullTile:
    """A tile that an append filled."""

    level: int
    number: int
    hashes: bytes
    root: bytes


@attrs.frozen
class Edge:
    """The partial tile of each level, lowest first, of a tree of ``size`` leaves."""

    size: int = 0
    rows: tuple[tuple[bytes, ...], ...] = ()

    def grow(self, leaves: Sequence[bytes]) -> tuple[Edge, list[FullTile]]:
        """Return the edge after these leaf hashes, and the tiles that they filled."""
        filled: list[FullTile] = []
        rows: list[tuple[bytes, ...]] = []
        rising: Sequence[bytes] = leaves
        level, below = 0, self.size
        while rising or level < len(self.rows):
            row = [*(self.rows[level] if level < len(self.rows) else ()), *rising]
            number = below // TILE_WIDTH
            whole = len(row) // TILE_WIDTH * TILE_WIDTH
            rising = []
            for start in range(0, whole, TILE_WIDTH):
                hashes = row[start : start + TILE_WIDTH]
                root = root_of(hashes)
                filled.append(FullTile(level, number, b"".join(hashes), root))
                rising.append(root)
                number += 1
            rows.append(tuple(row[whole:]))
            below //= TILE_WIDTH
            level += 1
        return Edge(self.size + len(leaves), tuple(rows)), filled

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        result: bytes | None = None
        for row in self.rows:
            for level, index in reversed(complete_subtrees(0, len(row))):
                peak = root_of(row[index << level : (index + 1) << level])
                result = peak if result is None else node_hash(peak, result)
        return EMPTY_ROOT if result is None else result
