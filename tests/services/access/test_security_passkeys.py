"""Passkeys against a device in software: what lets somebody in, and all that must not."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs
import cbor2
import psycopg
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from karez.kernel.database import Database, Institution, Role, open_institution
from karez.services import access
from karez.services.access import Account, PassKind, Site
from karez.services.access.errors import (
    NotSignedInError,
    PasskeyMalformedError,
    PasskeyRefusedError,
)
from karez.services.bookkeeping import Books, open_books

SITE = Site(domain="bank.example", origin="https://bank.example")


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    return Books(connection, institution, may_write=True)


@pytest.fixture
def ann(books: Books) -> Account:
    return access.add_account(books, "ann", by="test")


def web(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


@attrs.define
class Device:
    """An authenticator in software; its fields are what a wrong one would do otherwise."""

    domain: str = SITE.domain
    origin: str = SITE.origin
    flags: int = 0x05  # somebody is present, and was verified
    uses: int = 0
    owner: bytes = b""
    key: ec.EllipticCurvePrivateKey = attrs.field(
        factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = attrs.field(factory=lambda: secrets.token_bytes(16))

    def create(self, options: str) -> str:
        asked = json.loads(options)
        self.owner = urlsafe_b64decode(asked["user"]["id"] + "==")
        point = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32) for each in (point.x, point.y))
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        credential = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + public
        data = self._data(0x40) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        said = self._said("webauthn.create", asked)
        return self._answer({"attestationObject": web(attestation), "clientDataJSON": web(said)})

    def sign(self, options: str) -> str:
        self.uses += 1
        said = self._said("webauthn.get", json.loads(options))
        data = self._data(0)
        signed = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        answer = {"authenticatorData": data, "signature": signed, "userHandle": self.owner}
        shown = {name: web(value) for name, value in answer.items()}
        return self._answer({**shown, "clientDataJSON": web(said)})

    def _data(self, more: int) -> bytes:
        domain = hashlib.sha256(self.domain.encode()).digest()
        return domain + bytes([self.flags | more]) + self.uses.to_bytes(4)

    def _said(self, what: str, asked: Mapping[str, Any]) -> bytes:
        said = {"type": what, "challenge": asked["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, response: Mapping[str, str]) -> str:
        shown = web(self.credential_id)
        return json.dumps({"id": shown, "rawId": shown, "type": "public-key", "response": response})


def enrol(books: Books, account: Account, device: Device) -> Device:
    begun = access.begin_passkey(books, account, SITE)
    access.add_passkey(
        books, account.account_id, begun.challenge_id, device.create(begun.options),
        site=SITE, label="phone",
    )  # fmt: skip
    return device


def sign_in(books: Books, device: Device) -> access.Pass:
    begun = access.begin_passkey_sign_in(books, SITE)
    answer = device.sign(begun.options)
    return access.sign_in_by_passkey(books, begun.challenge_id, answer, site=SITE)


ANYTHING = st.none() | st.text() | st.integers() | st.binary().map(web) | st.lists(st.text())

WRONG = [
    pytest.param({"origin": "https://bank.example.evil.example"}, id="wrong origin"),
    pytest.param({"domain": "evil.example"}, id="wrong domain"),
    pytest.param({"flags": 0x01}, id="nobody verified"),
    pytest.param({"flags": 0x04}, id="nobody present"),
]


def test_passkey__lets_its_owner_in_again_and_again(books: Books, ann: Account):
    device = enrol(books, ann, Device())
    first, second = sign_in(books, device), sign_in(books, device)
    assert first.text != second.text  # a session is new at each sign-in: none can be fixed before
    assert access.enter(books, second.text, [PassKind.SESSION]).actor.actor_id == ann.account_id
    assert [one.label for one in access.list_passkeys(books, ann.account_id)] == ["phone"]


@pytest.mark.parametrize("fault", WRONG)
def test_security__a_passkey_with_a_fault_is_not_kept(
    books: Books, ann: Account, fault: dict[str, Any]
):
    with pytest.raises(PasskeyMalformedError):
        enrol(books, ann, Device(**fault))
    assert not access.list_passkeys(books, ann.account_id)


@pytest.mark.parametrize(
    "fault",
    [
        *WRONG,
        pytest.param({"uses": 0}, id="counter went back"),
        pytest.param({"key": ec.generate_private_key(ec.SECP256R1())}, id="other key"),
        pytest.param({"owner": secrets.token_bytes(16)}, id="other owner"),
        pytest.param({"owner": b""}, id="no owner"),
        pytest.param({"credential_id": b"unknown"}, id="unknown key"),
    ],
)
def test_security__a_passkey_with_a_fault_lets_nobody_in(
    books: Books, ann: Account, fault: dict[str, Any]
):
    device = enrol(books, ann, Device(uses=6))
    sign_in(books, device)
    with pytest.raises(PasskeyRefusedError):
        sign_in(books, attrs.evolve(device, **fault))
    sign_in(books, device)


def test_security__a_key_of_another_person_is_not_that_of_this_one(books: Books, ann: Account):
    bob = access.add_account(books, "bob", by="test")
    of_ann, of_bob = enrol(books, ann, Device()), enrol(books, bob, Device())
    with pytest.raises(PasskeyRefusedError):
        sign_in(books, attrs.evolve(of_bob, owner=of_ann.owner))
    with pytest.raises(PasskeyRefusedError):
        sign_in(books, attrs.evolve(of_bob, credential_id=of_ann.credential_id))
    # Nor can another person take over what is known already.
    with pytest.raises(PasskeyMalformedError):
        enrol(books, bob, of_ann)


def test_security__a_challenge_is_answered_once(books: Books, ann: Account):
    device = enrol(books, ann, Device())
    begun = access.begin_passkey_sign_in(books, SITE)
    answer = device.sign(begun.options)
    access.sign_in_by_passkey(books, begun.challenge_id, answer, site=SITE)
    for replayed in (answer, device.sign(begun.options)):
        with pytest.raises(PasskeyRefusedError):
            access.sign_in_by_passkey(books, begun.challenge_id, replayed, site=SITE)


def test_security__a_wrong_answer_uses_a_challenge_up(books: Books, ann: Account):
    device = enrol(books, ann, Device())
    begun = access.begin_passkey_sign_in(books, SITE)
    for answer in ("{}", device.sign(begun.options)):
        with pytest.raises(PasskeyRefusedError):
            access.sign_in_by_passkey(books, begun.challenge_id, answer, site=SITE)


def test_security__a_challenge_to_add_a_key_signs_nobody_in(books: Books, ann: Account):
    device = enrol(books, ann, Device())
    begun = access.begin_passkey(books, ann, SITE)
    with pytest.raises(PasskeyRefusedError):
        access.sign_in_by_passkey(books, begun.challenge_id, device.sign(begun.options), site=SITE)


def test_security__a_challenge_of_one_person_adds_no_key_to_another(books: Books, ann: Account):
    bob = access.add_account(books, "bob", by="test")
    begun = access.begin_passkey(books, ann, SITE)
    with pytest.raises(PasskeyMalformedError):
        access.add_passkey(
            books, bob.account_id, begun.challenge_id, Device().create(begun.options),
            site=SITE, label="",
        )  # fmt: skip


def test_security__a_challenge_that_has_run_out_lets_nobody_in(
    books: Books, ann: Account, monkeypatch: pytest.MonkeyPatch
):
    device = enrol(books, ann, Device())
    monkeypatch.setattr("karez.services.access.passkeys.LASTS", timedelta(0))
    with pytest.raises(PasskeyRefusedError):
        sign_in(books, device)


def test_security__a_passkey_that_was_ended_or_whose_account_was_lets_nobody_in(
    books: Books, ann: Account
):
    lost, kept = enrol(books, ann, Device()), enrol(books, ann, Device())
    assert access.end_passkey(books, ann.account_id, lost.credential_id)
    assert not access.end_passkey(books, ann.account_id, lost.credential_id)
    with pytest.raises(PasskeyRefusedError):
        sign_in(books, lost)
    begun = sign_in(books, kept)
    access.end_account(books, "ann")
    with pytest.raises(PasskeyRefusedError):
        sign_in(books, kept)
    with pytest.raises(NotSignedInError):
        access.enter(books, begun.text, [PassKind.SESSION])


def test_security__a_passkey_of_another_institution_is_unknown(
    books: Books, ann: Account, database: Database
):
    device = enrol(books, ann, Device())
    begun = access.begin_passkey_sign_in(books, SITE)
    with database.connect(Role.APPLICATION) as connection:
        open_institution(connection, "other", "Other")
    with open_books(database, "other") as others:
        with pytest.raises(PasskeyRefusedError):
            sign_in(others, device)
        with pytest.raises(PasskeyRefusedError):  # nor is a challenge taken across
            access.sign_in_by_passkey(
                others, begun.challenge_id, device.sign(begun.options), site=SITE
            )
        assert not access.list_passkeys(others, ann.account_id)
    answer = device.sign(begun.options)
    access.sign_in_by_passkey(books, begun.challenge_id, answer, site=SITE)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_security__whatever_comes_is_refused_by_name(books: Books, data: st.DataObject):
    """Every part of an answer may be anything; none of it is a fault of ours."""
    ann = access.add_account(books, f"ann-{secrets.token_hex(8)}", by="test")
    device = enrol(books, ann, Device())
    begun = access.begin_passkey_sign_in(books, SITE)
    answer = json.loads(device.sign(begun.options))
    part = data.draw(st.sampled_from([*answer["response"], "rawId", "id", "type", "response"]))
    other = data.draw(
        st.none() | st.text() | st.integers() | st.binary().map(web) | st.lists(st.text())
    )
    inside = answer["response"] if part in answer["response"] else answer
    inside[part] = other
    with pytest.raises(PasskeyRefusedError):
        access.sign_in_by_passkey(books, begun.challenge_id, json.dumps(answer), site=SITE)
