"""The Merkle tree of RFC 6962 (and 9162): roots, proofs, and how they are checked.

A tree of n leaves is split at the largest power of two below n. So a range of leaves that a proof
speaks of is a row of complete subtrees, and every hash here is made of those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

_sha256 = hashlib.sha256

EMPTY_ROOT = _sha256(b"").digest()
HASH_LENGTH = 32

Nodes = Callable[[int, int], bytes]
"""Gives the hash of a complete subtree: of 2^level leaves, the index-th of that size."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return _sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, or over the hashes of equal complete subtrees."""
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        paired = [
            _sha256(b"\x01" + left + right).digest()
            for left, right in zip(row[::2], row[1::2], strict=False)
        ]
        if len(row) % 2:  # the last one rises as it is: RFC 6962 splits at a power of two
            paired.append(row[-1])
        row = paired
    return row[0]


def complete_subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """Return level and index of the largest complete subtrees that make up leaves start to end."""
    found: list[tuple[int, int]] = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        found.append((level, start >> level))
        start += 1 << level
    return found


def range_hash(nodes: Nodes, start: int, end: int) -> bytes:
    """Return the hash of the subtree of leaves start to end, as a proof or a root has it."""
    subtrees = complete_subtrees(start, end)
    if not subtrees:
        return EMPTY_ROOT
    result = nodes(*subtrees[-1])
    for level, index in reversed(subtrees[:-1]):
        result = node_hash(nodes(level, index), result)
    return result


def prove_inclusion(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Return the audit path of a leaf in the tree of ``size`` leaves (RFC 6962, 2.1.1)."""
    ranges: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return [range_hash(nodes, *leaves) for leaves in reversed(ranges)]


def prove_consistency(nodes: Nodes, old_size: int, size: int) -> list[bytes]:
    """Return the proof that the tree of ``old_size`` leaves is a beginning of the other (2.1.2)."""
    if old_size in {0, size}:
        return []
    ranges: list[tuple[int, int]] = []
    start, end = 0, size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, end))
    return [range_hash(nodes, *leaves) for leaves in reversed(ranges)]


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_root(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the root that an audit path leads to (RFC 9162, 2.1.3.2); None if it leads nowhere."""
    if not 0 <= index < size or any(len(octets) != HASH_LENGTH for octets in (leaf, *proof)):
        return None
    met = _meet(index, size - 1, [leaf, *proof])
    return met[1] if met is not None else None


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether a proof shows that the leaf stands at ``index`` below ``root``."""
    return inclusion_root(leaf, index, size, proof) == root


def is_consistent(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether a proof shows that one tree is a beginning of the other (RFC 9162, 2.1.4.2).

    Every tree begins with the empty one; that needs no proof, and takes none.
    """
    if not 0 <= old_size <= size or any(len(octets) != HASH_LENGTH for octets in proof):
        return False
    if old_size == 0 and old_root != EMPTY_ROOT:
        return False
    if old_size == size:
        return not proof and old_root == root
    if old_size == 0:
        return not proof
    path = list(proof)
    if old_size & (old_size - 1) == 0:  # a complete tree is its own first hash
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    return _meet(node, last, path) == (old_root, root)


def _meet(node: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the roots of both trees that a path leads to; None if it leads nowhere.

    The path begins at ``node``, and the larger tree ends at ``last``, both counted at its level.
    """
    old_result = result = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            old_result = node_hash(sibling, old_result)
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            result = node_hash(result, sibling)
        node >>= 1
        last >>= 1
    return (old_result, result) if last == 0 else None
