"""What becomes of files of payouts: the bank pays them, and its statement confirms each by its id.

Or it refuses one, or all of a file: then they wait again, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from karez.services.bookkeeping import Books
from karez.services.payments.desk import Clerk, Desk
from karez.services.payments.errors import (
    PayoutConfirmedError,
    PayoutFileUnknownError,
    PayoutReasonError,
)
from karez.services.payments.payouts import VOID, PayoutFile, PayoutKind, SentPayout
from karez.services.payments.queries import QUERIES

if TYPE_CHECKING:
    import psycopg


def list_payout_files(books: Books) -> list[PayoutFile]:
    """Return the files that were made, in order, with what became of each payout."""
    with books.transaction() as connection:
        return _files(connection, None)


def find_payout_file(books: Books, file_number: int) -> PayoutFile:
    """Return one file.

    Raises:
        PayoutFileUnknownError: there is none with this number.
    """
    with books.transaction() as connection:
        return _file(connection, file_number)


def _file(connection: psycopg.Connection, file_number: int) -> PayoutFile:
    for found in _files(connection, file_number):
        return found
    raise PayoutFileUnknownError(file=file_number)


def _files(connection: psycopg.Connection, file_number: int | None) -> list[PayoutFile]:
    heads = connection.execute(QUERIES["payout_files"].text, {"file": file_number}).fetchall()
    lines: dict[int, list[SentPayout]] = {head[0]: [] for head in heads}
    names = [field.name for field in attrs.fields(SentPayout)]
    for number, *row in connection.execute(QUERIES["payouts_of_files"].text, {"files": [*lines]}):
        values: dict[str, Any] = dict(zip(names, row, strict=True))
        values["kind"] = PayoutKind(values["kind"])
        lines[number].append(SentPayout(**values))
    names = [field.name for field in attrs.fields(PayoutFile)][:-1]
    return [
        PayoutFile(**dict(zip(names, head, strict=True)), payouts=lines[head[0]]) for head in heads
    ]


def void_file(books: Books, file_number: int, clerk: Clerk) -> PayoutFile:
    """Say that the bank took nothing of a file: all its payouts wait again, with the reason.

    A file that is void already stays so.

    Raises:
        PayoutFileUnknownError: there is none with this number.
        PayoutReasonError: no reason is given.
        PayoutConfirmedError: a statement has shown one of its payouts.
    """
    if not clerk.reason:
        raise PayoutReasonError(file=file_number)
    with books.transaction() as connection:
        desk = Desk.take(books, connection)
        found = _file(connection, file_number)
        for each in found.payouts:
            if each.is_confirmed and not each.refused:
                raise PayoutConfirmedError(payout=each.end_to_end)
            if not each.refused:
                desk.add("payout_refusal", file_number, each.line, VOID, clerk.reason, clerk.actor)
        desk.write()
        return _file(connection, file_number)


@attrs.frozen
class BankAnswer:
    """What the bank says of a message, or of one payout in it: it takes it, or refuses it."""

    message_id: str
    end_to_end: str
    is_refused: bool
    code: str
    reason: str


def take_answers(books: Books, answers: Sequence[BankAnswer], clerk: Clerk) -> list[SentPayout]:
    """Put what the bank refused back to waiting, with its reason; return those payouts.

    The same answer again changes nothing. Either all answers are taken or none.

    Raises:
        PayoutFileUnknownError: an answer is for a message or a payout that was not sent.
        PayoutConfirmedError: a statement has shown a payout that is refused here.
    """
    refused: list[SentPayout] = []
    with books.transaction() as connection:
        desk = Desk.take(books, connection)
        files = {each.message_id: each for each in _files(connection, None)}
        for answer in answers:
            file = files.get(answer.message_id)
            ours = [
                each
                for each in (file.payouts if file is not None else ())
                if answer.end_to_end in {"", each.end_to_end}
            ]
            if file is None or not ours:
                raise PayoutFileUnknownError(file=answer.end_to_end or answer.message_id)
            for each in ours if answer.is_refused else ():
                if each.refused or each in refused:
                    continue
                if each.is_confirmed:
                    raise PayoutConfirmedError(payout=each.end_to_end)
                why = (answer.code, answer.reason or answer.code)
                desk.add("payout_refusal", file.file_number, each.line, *why, clerk.actor)
                refused.append(each)
        desk.write()
    return refused
