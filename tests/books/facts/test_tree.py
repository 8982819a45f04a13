"""The tree of RFC 6962: published vectors, a slow twin, and proofs that nobody can bend."""

import random

import pytest

from books.facts.making import slow_path, slow_proof, slow_root
from karez.books.facts.tlog.edge import Edge
from karez.books.facts.tlog.merkle import (
    EMPTY_ROOT,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
)
from karez.books.facts.tlog.tiles import nodes_in, tile_path, tile_widths

# Certificate transparency's reference tree: leaves and the root at each size.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
NODES = {
    "a": "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "b": "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "c": "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "d": "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "e": "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "f": "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "g": "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "h": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "i": "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "j": "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
}
# The proofs of transparency-dev/merkle (proof/verify_test.go): index or old size, size, hashes.
INCLUSIONS = [(0, 1, ""), (0, 8, "abc"), (5, 8, "def"), (2, 3, "g"), (1, 5, "hbd")]
CONSISTENCIES = [(1, 1, ""), (1, 8, "abc"), (6, 8, "ief"), (2, 5, "bd"), (6, 7, "ijf")]
SOME_HASH = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")


def hashes(names: str) -> list[bytes]:
    return [bytes.fromhex(NODES[name]) for name in names]


def nodes_of(entries: list[bytes]):
    """The nodes of a tree, by way of its tiles."""
    rows = [[leaf_hash(entry) for entry in entries]]
    while len(rows[-1]) >= 256:
        below = rows[-1]
        rows.append(
            [root_of(below[at : at + 256]) for at in range(0, len(below) // 256 * 256, 256)]
        )

    def tile(level: int, number: int, width: int) -> bytes:
        return b"".join(rows[level][number * 256 : number * 256 + width])

    return nodes_in(tile, len(entries))


def flipped(octets: bytes, bit: int) -> bytes:
    return octets[: bit // 8] + bytes([octets[bit // 8] ^ 1 << bit % 8]) + octets[bit // 8 + 1 :]


def test_hashes__as_published():
    assert EMPTY_ROOT.hex()[:8] + EMPTY_ROOT.hex()[-4:] == "e3b0c442b855"
    assert leaf_hash(b"").hex().startswith("6e340b9cffb37a98")
    assert leaf_hash(b"L123456").hex() == (
        "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    )
    assert node_hash(b"N123", b"N456").hex() == (
        "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    )


@pytest.mark.parametrize("size", range(1, 9))
def test_roots__of_the_reference_tree(size: int):
    assert root_of([leaf_hash(leaf) for leaf in LEAVES[:size]]) == ROOTS[size - 1]
    edge, _ = Edge().grow([leaf_hash(leaf) for leaf in LEAVES[:size]])
    assert edge.root == ROOTS[size - 1] == slow_root(LEAVES[:size])


@pytest.mark.parametrize(("index", "size", "names"), INCLUSIONS)
def test_inclusion__published_proofs_are_made(index: int, size: int, names: str):
    leaf, root, proof = leaf_hash(LEAVES[index]), ROOTS[size - 1], hashes(names)
    assert prove_inclusion(nodes_of(LEAVES[:size]), index, size) == proof
    assert is_included(leaf, index, size, proof, root)


@pytest.mark.parametrize(("old", "size", "names"), CONSISTENCIES)
def test_consistency__published_proofs_are_made(old: int, size: int, names: str):
    old_root, root, proof = ROOTS[old - 1], ROOTS[size - 1], hashes(names)
    assert prove_consistency(nodes_of(LEAVES[:size]), old, size) == proof
    assert is_consistent(old, old_root, size, root, proof)


@pytest.mark.parametrize(
    ("old", "old_root", "size", "root", "proof", "holds"),
    [
        (0, EMPTY_ROOT, 0, EMPTY_ROOT, [], True),
        (0, EMPTY_ROOT, 1, ROOTS[0], [], True),
        (0, SOME_HASH, 0, SOME_HASH, [], False),
        (0, SOME_HASH, 1, ROOTS[0], [], False),
        (0, EMPTY_ROOT, 0, ROOTS[0], [], False),
        (0, EMPTY_ROOT, 1, ROOTS[0], [EMPTY_ROOT], False),
    ],
)
def test_consistency__from_the_empty_tree(old, old_root, size, root, proof, holds):
    assert is_consistent(old, old_root, size, root, proof) is holds


@pytest.mark.parametrize("seed", range(6))
def test_tree__equals_its_slow_twin(seed: int):
    chance = random.Random(seed)
    for size in chance.sample(range(1, 601), 25):
        entries = [f"{seed} {place}".encode() for place in range(size)]
        root = slow_root(entries)
        edge, start = Edge(), 0
        while start < size:  # grown in pieces of any length
            stop = min(size, start + chance.randint(1, 300))
            edge, _ = edge.grow([leaf_hash(entry) for entry in entries[start:stop]])
            start = stop
        assert edge.root == root
        nodes = nodes_of(entries)
        index, old = chance.randrange(size), chance.randint(1, size)
        path, proof = prove_inclusion(nodes, index, size), prove_consistency(nodes, old, size)
        assert path == slow_path(index, entries)
        assert proof == slow_proof(old, entries)
        leaf = leaf_hash(entries[index])
        assert is_included(leaf, index, size, path, root)
        assert is_consistent(old, slow_root(entries[:old]), size, root, proof)
        bit = chance.randrange(256)
        for place in range(len(path)):
            bent = [*path[:place], flipped(path[place], bit), *path[place + 1 :]]
            assert not is_included(leaf, index, size, bent, root)
        assert not is_included(flipped(leaf, bit), index, size, path, root)


def test_tile_path__as_specified():
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 0, 1) == "tile/entries/000.p/1"
    assert tile_path(2, 1000) == "tile/2/x001/000"


def test_tile_widths__of_70000_entries():
    assert tile_widths(70_000) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
