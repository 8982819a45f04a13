"""Signing in by a password and a code that changes each half minute (RFC 6238)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import attrs
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from karez.kernel.ids import new_id
from karez.services.access.errors import CodeWrongError, PasswordWeakError, SignInRefusedError
from karez.services.access.passes import Pass, PassKind, make_pass_within
from karez.services.access.queries import QUERIES
from karez.services.bookkeeping import Books

PASSWORD_LEAST = 12
FAILURES_MOST = 5
WITHIN = timedelta(minutes=15)
STEP_SECONDS = 30
_DIGITS = 6
_AROUND = (-1, 0, 1)  # clocks differ
_COMMON = frozenset({"password1234", "123456789012", "qwertyuiop12", "administrator"})

_hasher = PasswordHasher()
# Verified where there is nobody of a name, so that an answer takes as long.
_NOBODY = _hasher.hash(secrets.token_hex())


@attrs.frozen(kw_only=True)
class Enrolment:
    """The secret of a device that shows codes, and the address that it reads it from."""

    secret: str
    address: str


def set_password(books: Books, account_id: UUID, password: str) -> None:
    """Set the password of an account.

    Raises:
        PasswordWeakError: it is too short or too common.
    """
    if len(password) < PASSWORD_LEAST or password.lower() in _COMMON or len(set(password)) < 4:
        raise PasswordWeakError(least=PASSWORD_LEAST)
    row = {"account_id": account_id, "password": _hasher.hash(password)}
    with books.transaction() as connection:
        connection.execute(QUERIES["set_password"].text, row)


def begin_totp(issuer: str, name: str, secret: str = "") -> Enrolment:
    """Return a secret for a device, a fresh one unless given, to be confirmed by a code of it."""
    secret = secret or base64.b32encode(secrets.token_bytes(20)).decode()
    label = quote(f"{issuer}:{name}")
    return Enrolment(
        secret=secret,
        address=f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}&period={STEP_SECONDS}",
    )


def confirm_totp(books: Books, account_id: UUID, secret: str, code: str, now: datetime) -> None:
    """Keep the secret of a device that shows this code now.

    Raises:
        CodeWrongError: it is not the code of that secret.
    """
    try:
        octets = base64.b32decode(secret)
    except binascii.Error as wrong:
        raise CodeWrongError from wrong
    step = _step_of(octets, code, now)
    if step is None:
        raise CodeWrongError
    row = {"account_id": account_id, "secret": octets, "step": step}
    with books.transaction() as connection:
        connection.execute(QUERIES["set_totp"].text, row)


def sign_in(  # noqa: PLR0913 - what is typed, and where
    books: Books, name: str, password: str, code: str, *, now: datetime, label: str = ""
) -> Pass:
    """Begin a session of whoever has this name, password and code.

    After ``FAILURES_MOST`` failures under a name nobody signs in by it for a while. A code is used
    once.

    Raises:
        SignInRefusedError: something of it is wrong, or there were too many failures.
    """
    with books.transaction() as connection:
        asked = {"name": name, "within": WITHIN, "failure_id": new_id()}
        # The account is locked first: of many guesses at once each counts those before it.
        row = connection.execute(QUERIES["secrets_of"].text, asked).fetchone()
        failed = connection.execute(QUERIES["failures"].text, asked).fetchone()
        account_id, hashed, secret, last_step = row or (None, None, None, 0)
        known = _is_password(hashed or _NOBODY, password) and hashed is not None
        step = last_step if secret is None else _step_of(secret, code, now, after=last_step)
        if known and step is not None and failed is not None and failed[0] < FAILURES_MOST:
            assert account_id is not None  # noqa: S101 - a password was somebody's
            connection.execute(QUERIES["use_totp"].text, {"account_id": account_id, "step": step})
            connection.execute(QUERIES["clear_failures"].text, asked)
            return make_pass_within(books, connection, account_id, PassKind.SESSION, label=label)
        connection.execute(QUERIES["add_failure"].text, asked)
    raise refusal()


def refusal() -> SignInRefusedError:
    """Return the one answer to every sign-in that will not do."""
    return SignInRefusedError(minutes=int(WITHIN.total_seconds()) // 60)


def totp(secret: bytes, step: int) -> str:
    """Return the code of a secret at a step of half a minute (RFC 6238, HMAC-SHA-1)."""
    digest = hmac.digest(secret, struct.pack(">Q", step), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def _step_of(secret: bytes, code: str, now: datetime, *, after: int = 0) -> int | None:
    """Return the step that a code is of, if it is of now and later than the last one used."""
    current = int(now.timestamp()) // STEP_SECONDS
    steps: Sequence[int] = [current + around for around in _AROUND if current + around > after]
    given = code.replace(" ", "").encode(errors="replace")  # compare_digest takes no other text
    return next(
        (one for one in steps if hmac.compare_digest(totp(secret, one).encode(), given)), None
    )


def _is_password(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
