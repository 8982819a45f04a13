"""The exported log, checked by programs that others wrote, and with any bit of it flipped."""

import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pymerkle import InmemoryTree
from scitt_cose import verify_receipt

from books.facts.conftest import Log
from books.facts.making import visit
from karez.books.facts import Signer
from karez.books.facts.errors import ProofInvalidError, ReceiptMalformedError
from karez.books.facts.export import log_files
from karez.books.facts.read import find_fact, prove_fact
from karez.books.facts.tlog import cose
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.folder import check_folder
from karez.books.facts.tlog.note import Note
from karez.books.facts.tlog.policy import Policy
from karez.books.facts.tlog.tiles import split_bundle, tile_path
from karez.kernel.errors import KarezError

SIZE = 70_000
FLIPS = 12
GO_LIBRARIES = Path("/usr/share/gocode")


def export(log: Log, folder: Path) -> list[str]:
    """Write what is new of the log into a folder, and return the paths written."""

    def write(connection) -> list[str]:
        written = []
        for path, content in log_files(connection, lambda path: (folder / path).is_file()):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
            written.append(path)
        return written

    return log.within(write)


def grow(log: Log, count: int) -> None:
    size = log.append([]).size
    for start in range(size, size + count, 10_000):
        stop = min(size + count, start + 10_000)
        done = log.append([visit(number) for number in range(start, stop)])
        assert done.added_count == stop - start


def vkey(log: Log):
    return log.book.signer.keys[0].verifier


def our_check(log: Log, folder: Path) -> Checkpoint:
    return check_folder(lambda path: (folder / path).read_bytes(), Policy.of_log(vkey(log)))


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def flip(path: Path, place: int, bit: int) -> None:
    octets = bytearray(path.read_bytes())
    octets[place] ^= 1 << bit
    path.write_bytes(octets)


def each_flip(folder: Path, refused: Callable[[], bool], *, spare: int) -> None:
    """Flip a bit here and there, in every kind of file, and see it refused each time.

    ``spare``: how many octets at the end of the checkpoint are left alone.
    """
    chance = random.Random(SIZE)
    files = files_of(folder)
    partial = [path for path in files if ".p" in str(path)]
    bundles = [path for path in files if "entries" in path.parts]
    tiles = [path for path in files if "entries" not in path.parts and path.name != "checkpoint"]
    chosen = [*partial, *chance.sample(bundles, 3), *chance.sample(tiles, 3)]
    chosen += [folder / "tile" / "1" / "000", *[folder / "checkpoint"] * FLIPS]
    for path in chosen:
        length = path.stat().st_size - (spare if path.name == "checkpoint" else 0)
        place, bit = chance.randrange(length), chance.randrange(8)
        flip(path, place, bit)
        assert refused(), f"{path} with bit {bit} of octet {place} flipped"
        flip(path, place, bit)
    assert not refused()


def test_export__of_70000_facts_is_checked_by_us_and_by_pymerkle(log: Log, tmp_path: Path):
    grow(log, SIZE)
    written = export(log, tmp_path)
    assert written[-1] == "checkpoint"
    assert [path for path in written if ".p/" in path] == [
        "tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1",
    ]  # fmt: skip
    assert our_check(log, tmp_path).size == SIZE
    tree = InmemoryTree(algorithm="sha256")
    for number in range(274):
        width = min(256, SIZE - number * 256)
        bundle = (tmp_path / tile_path("entries", number, width)).read_bytes()
        for entry in split_bundle(bundle):
            tree.append_entry(entry)
    signed = Note.parse((tmp_path / "checkpoint").read_text())
    assert tree.get_root() == Checkpoint.parse(signed.body).root

    def refused() -> bool:
        try:
            our_check(log, tmp_path)
        except KarezError:
            return True
        return False

    each_flip(tmp_path, refused, spare=0)


def test_export__writes_only_what_is_new(log: Log, tmp_path: Path):
    grow(log, 1000)
    assert len(export(log, tmp_path)) == 4 + 4 + 1 + 1  # bundles, two levels, checkpoint
    grow(log, 100)
    again = export(log, tmp_path)
    assert again == [
        "tile/entries/003", "tile/entries/004.p/76", "tile/0/003", "tile/0/004.p/76",
        "tile/1/000.p/4", "checkpoint",
    ]  # fmt: skip
    assert our_check(log, tmp_path).size == 1100


def test_export__a_missing_file_is_named(log: Log, tmp_path: Path):
    grow(log, 300)
    export(log, tmp_path)
    (tmp_path / "tile/0/000").write_bytes(b"")
    with pytest.raises(ProofInvalidError, match="tile/0/000 "):
        our_check(log, tmp_path)


@pytest.mark.skipif(
    shutil.which("go") is None or not (GO_LIBRARIES / "src/golang.org/x/mod/sumdb").exists(),
    reason="needs Go and golang.org/x/mod: apt install golang-go golang-golang-x-mod-dev",
)
def test_export__of_70000_facts_is_checked_by_go(log: Log, tmp_path: Path):
    grow(log, SIZE)
    folder = tmp_path / "log"
    export(log, folder)
    program = tmp_path / "check_log"
    source = Path(__file__).with_name("check_log.go")
    settings = {"GO111MODULE": "off", "GOPATH": str(GO_LIBRARIES), "GOFLAGS": ""}
    cache = {"GOCACHE": str(tmp_path / "cache")}
    subprocess.run(
        ["go", "build", "-o", program, source], env=os.environ | settings | cache, check=True
    )

    def run() -> subprocess.CompletedProcess[str]:
        command = [program, folder, vkey(log).text]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run().stdout == f"checked {SIZE}\n"
    # Go reads base 64 with any spare bits at its end: the last letter, "=" and the newline.
    each_flip(folder, lambda: run().returncode != 0, spare=3)


def test_cose_receipt__is_taken_by_scitt_cose(log: Log):
    grow(log, 300)
    proof, fact = log.within(prove_fact, 77), log.within(find_fact, 77)
    at = Checkpoint.parse(proof.note.body)
    key = log.book.signer.keys[0]
    receipt = cose.make_receipt(key, 77, at.size, proof.hashes, at.root)
    assert cose.check_receipt(receipt, fact.leaf, key.verifier) == (77, 300)
    for entry, holds in ((fact.leaf, True), (fact.leaf + b" ", False)):
        result = verify_receipt(
            receipt, leaf_entry_hex=entry.hex(), log_public_key_pem=pem(key.verifier.public_key)
        )
        assert result.ok is holds
    assert len(receipt) < 600
    for entry, verifier in ((fact.leaf + b" ", key.verifier), (fact.leaf, vkey_of_another())):
        with pytest.raises(ReceiptMalformedError):
            cose.check_receipt(receipt, entry, verifier)
    for bad in (b"", b"\xff", receipt[:-1], receipt[:20]):
        with pytest.raises(ReceiptMalformedError):
            cose.check_receipt(bad, fact.leaf, key.verifier)


def pem(public_key: bytes) -> bytes:
    return Ed25519PublicKey.from_public_bytes(public_key).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


def vkey_of_another():
    return Signer.new("other.example/facts").keys[0].verifier
