"""Passkeys (WebAuthn): a key pair of a person's device, of which the public half is kept here.

Each ceremony answers a challenge that is kept for minutes, for one purpose, and works once, also
when the answer is wrong. A device must check who holds it, by a finger or a code.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import attrs
import webauthn
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from karez.kernel.ids import new_id
from karez.services.access.accounts import Account
from karez.services.access.errors import PasskeyMalformedError, PasskeyRefusedError
from karez.services.access.passes import Pass, PassKind, make_pass_within
from karez.services.access.queries import QUERIES
from karez.services.bookkeeping import Books

if TYPE_CHECKING:
    import psycopg

LASTS = timedelta(minutes=5)
_OCTETS = 32
_ADD = "add"
_SIGN_IN = "sign-in"


@attrs.frozen(kw_only=True)
class Site:
    """Where people sign in: the domain that keys are made for, and the address of its pages."""

    domain: str
    origin: str


@attrs.frozen(kw_only=True)
class Ceremony:
    """What a browser is asked for: JSON of its options, and the challenge that it will answer."""

    challenge_id: UUID
    options: str


@attrs.frozen(kw_only=True)
class Passkey:
    """A key of an account; ``label`` says on which device it is."""

    credential_id: bytes
    label: str
    made_at: datetime
    ended_at: datetime | None


def begin_passkey(books: Books, account: Account, site: Site) -> Ceremony:
    """Return what the browser of somebody who has entered makes a new key from."""
    with books.transaction() as connection:
        challenge_id, challenge = _make_challenge(connection, _ADD, account.account_id)
        known = _passkeys(connection, account.account_id)
    options = webauthn.generate_registration_options(
        rp_id=site.domain,
        rp_name=books.institution.name,
        user_id=account.account_id.bytes,
        user_name=account.name,
        user_display_name=account.full_name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in known],
    )
    return Ceremony(challenge_id=challenge_id, options=webauthn.options_to_json(options))


def add_passkey(  # noqa: PLR0913 - what was asked, what came, and where
    books: Books, account_id: UUID, challenge_id: UUID, response: str, *, site: Site, label: str
) -> None:
    """Keep the key that a browser made for an account; ``response`` is its JSON.

    Raises:
        PasskeyMalformedError: it does not answer this challenge, was made for another site or
            without a check of who holds the device, or is known already.
    """
    if not _add(books, account_id, challenge_id, response, site, label):
        raise PasskeyMalformedError


def begin_passkey_sign_in(books: Books, site: Site) -> Ceremony:
    """Return what a browser signs with any key that it has for the site: no name is asked for."""
    with books.transaction() as connection:
        challenge_id, challenge = _make_challenge(connection, _SIGN_IN, None)
    options = webauthn.generate_authentication_options(
        rp_id=site.domain,
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Ceremony(challenge_id=challenge_id, options=webauthn.options_to_json(options))


def sign_in_by_passkey(
    books: Books, challenge_id: UUID, response: str, *, site: Site, label: str = ""
) -> Pass:
    """Begin a session of whoever holds the key that signed; ``response`` is the browser's JSON.

    Raises:
        PasskeyRefusedError: the challenge or the key is not in force, the signature is of another
            key, account or site, nobody checked who holds the device, or its counter went back.
    """
    made = _sign_in(books, challenge_id, response, site, label)
    if made is None:
        raise PasskeyRefusedError
    return made


def end_passkey(books: Books, account_id: UUID, credential_id: bytes) -> bool:
    """End a key of an account, and say whether there was one in force."""
    asked = {"account_id": account_id, "credential_id": credential_id}
    with books.transaction() as connection:
        return connection.execute(QUERIES["end_passkey"].text, asked).rowcount == 1


def list_passkeys(books: Books, account_id: UUID) -> Sequence[Passkey]:
    """Return the keys that an account has or had, the oldest first."""
    with books.transaction() as connection:
        return _passkeys(connection, account_id)


# A refusal is raised after the transaction: in it, it would bring the challenge back.
def _add(  # noqa: PLR0913, PLR0917 - as add_passkey
    books: Books, account_id: UUID, challenge_id: UUID, response: str, site: Site, label: str
) -> bool:
    with books.transaction() as connection:
        challenge = _take_challenge(connection, challenge_id, _ADD, account_id)
        if challenge is None:
            return False
        try:
            verified = webauthn.verify_registration_response(
                credential=parse_registration_credential_json(response),
                expected_challenge=challenge,
                expected_rp_id=site.domain,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError):
            return False
        row = {
            "credential_id": verified.credential_id, "account_id": account_id, "label": label,
            "public_key": verified.credential_public_key, "uses": verified.sign_count,
        }  # fmt: skip
        return connection.execute(QUERIES["add_passkey"].text, row).rowcount == 1


def _sign_in(
    books: Books, challenge_id: UUID, response: str, site: Site, label: str
) -> Pass | None:
    with books.transaction() as connection:
        challenge = _take_challenge(connection, challenge_id, _SIGN_IN, None)
        if challenge is None:
            return None
        try:
            given = parse_authentication_credential_json(response)
            asked = {"credential_id": given.raw_id}
            row = connection.execute(QUERIES["passkey"].text, asked).fetchone()
            if row is None:
                return None
            account_id, public_key, uses = row
            # A key that the browser found by itself names its owner (WebAuthn 3, section 7.2).
            if given.response.user_handle != account_id.bytes:
                return None
            verified = webauthn.verify_authentication_response(
                credential=given,
                expected_challenge=challenge,
                expected_rp_id=site.domain,
                expected_origin=site.origin,
                credential_public_key=public_key,
                credential_current_sign_count=uses,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError):
            return None
        connection.execute(QUERIES["use_passkey"].text, asked | {"uses": verified.new_sign_count})
        return make_pass_within(books, connection, account_id, PassKind.SESSION, label=label)


def _make_challenge(
    connection: psycopg.Connection, purpose: str, account_id: UUID | None
) -> tuple[UUID, bytes]:
    challenge_id, challenge = new_id(), secrets.token_bytes(_OCTETS)
    row = {
        "challenge_id": challenge_id, "challenge": challenge, "purpose": purpose,
        "account_id": account_id, "lasts": LASTS,
    }  # fmt: skip
    connection.execute(QUERIES["forget_challenges"].text)
    connection.execute(QUERIES["add_challenge"].text, row)
    return challenge_id, challenge


def _take_challenge(
    connection: psycopg.Connection, challenge_id: UUID, purpose: str, account_id: UUID | None
) -> bytes | None:
    asked = {"challenge_id": challenge_id, "purpose": purpose, "account_id": account_id}
    row = connection.execute(QUERIES["take_challenge"].text, asked).fetchone()
    return None if row is None else row[0]


def _passkeys(connection: psycopg.Connection, account_id: UUID) -> list[Passkey]:
    rows = connection.execute(QUERIES["passkeys_of"].text, {"account_id": account_id}).fetchall()
    names = tuple(field.name for field in attrs.fields(Passkey))
    return [Passkey(**dict(zip(names, row, strict=True))) for row in rows]
