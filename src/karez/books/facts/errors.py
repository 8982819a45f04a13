"""The ways the facts book refuses: one class each, named in ``docs/reference/errors.md``."""

from __future__ import annotations

from karez.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)


class FactSchemaUnknownError(InvalidInputError):
    """There is no schema {schema!r}: did you mean {nearest}?"""

    code = "fact-schema-unknown"


class FactMalformedError(InvalidInputError):
    """The fact cannot be recorded: {reason}; correct the field and send it again."""

    code = "fact-malformed"


class FactFutureError(InvalidInputError):
    """The fact has {field} {value}, which is yet to come; a fact has happened: correct the date."""

    code = "fact-future"


class FactSumError(InvalidInputError):
    """The amounts do not add up: {sum} is {found}, and {field} says {said}; correct one of them."""

    code = "fact-sum"


class FactTooLargeError(InvalidInputError):
    """The fact has {octets} octets and at most {most} go in; keep the rest in a file, by its hash.

    A fact of kind document/1 or photo/1 holds the hash.
    """

    code = "fact-too-large"


class FactKeyTakenError(ConflictError):
    """The key {key!r} stands for another fact, at index {index}; choose another key."""

    code = "fact-key-taken"


class FactUnknownError(NotFoundError):
    """There is no fact at index {index}: the log has {size}; correct the index."""

    code = "fact-unknown"


class NotCosignedError(NotFoundError):
    """No checkpoint of fact {index} has {witnesses} cosignatures yet; ask the witnesses first."""

    code = "not-cosigned"


class FactErasedError(NotFoundError):
    """The body of the fact at index {index} was erased; its entry in the log is all there is."""

    code = "fact-erased"


class FactKeptError(ConflictError):
    """The fact at index {index} is kept until {until}: {basis}; ask again after that day."""

    code = "fact-kept"


class SignatureInvalidError(InvalidInputError):
    """The attester's signature does not fit the fact and the key; sign the fact as it is sent."""

    code = "signature-invalid"


class SignatureReplayedError(ConflictError):
    """What the attester signed stands at index {index} already; sign what is new, or send no key.

    One signature is one statement: it cannot be counted twice.
    """

    code = "signature-replayed"


class LogOpenError(ConflictError):
    """The log is open as {origin}; its name and keys cannot be changed: begin another log."""

    code = "log-open"


class LogNotOpenError(NotFoundError):
    """The log is not open yet; run karez facts open, or record a first fact."""

    code = "log-not-open"


class LogKeyWrongError(ConflictError):
    """The key at hand is not one of the log {origin}; bring back the key file of that log."""

    code = "log-key-wrong"


class LogSetBackError(ConflictError):
    """The log {origin} has shown others {size} entries, and these are not in it: it was set back.

    What is added now would be a second history. Restore a newer backup, or begin another log.
    """

    code = "log-set-back"


class LogDamagedError(UnavailableError):
    """The log does not agree with itself: {reason}; run karez facts verify, restore a backup."""

    code = "log-damaged"


class FactReservedError(InvalidInputError):
    """A fact of schema {schema} is written by the book itself; run karez facts erase."""

    code = "fact-reserved"


class RetentionMalformedError(InvalidInputError):
    """The table of retention periods cannot be used: {reason}."""

    code = "retention-malformed"


class ErasureEmptyError(NotFoundError):
    """There is nothing to erase: no body stands at these indices or under this subject."""

    code = "erasure-empty"


class WitnessLostError(UnavailableError):
    """The witness {name} has given {given} cosignatures and its database knows {known}; retire it.

    A witness that has forgotten what it signed could sign a fork. Begin another under a new name
    and key, and tell those who count on this one.
    """

    code = "witness-lost"


class WitnessClockError(UnavailableError):
    """The clock says {now}, and the last cosignature is of {last}; set the clock right."""

    code = "witness-clock"


class WitnessRefusedError(UnavailableError):
    """The witness at {url} does not cosign: {reason}."""

    code = "witness-refused"


class WitnessNotOpenError(NotFoundError):
    """There is no witness here yet; run karez facts witness open."""

    code = "witness-not-open"


class KeyMalformedError(InvalidInputError):
    """This is not {what} ({reason}); copy it whole."""

    code = "key-malformed"


class KeyFileError(UnavailableError):
    """The key file {path} cannot be used: {reason}."""

    code = "key-file"


class NoteMalformedError(InvalidInputError):
    """This is no signed note or proof: {reason}; ask for the file again."""

    code = "note-malformed"


class NoteUnverifiedError(InvalidInputError):
    """No signature of {name} holds; do not believe it, and compare the key with its owner."""

    code = "note-unverified"


class TileMalformedError(InvalidInputError):
    """A tile or bundle cannot be read: {reason}; fetch it again."""

    code = "tile-malformed"


class ProofInvalidError(InvalidInputError):
    """The proof does not hold: {reason}; do not believe it."""

    code = "proof-invalid"


class ReceiptMalformedError(InvalidInputError):
    """The COSE receipt is refused: {reason}."""

    code = "receipt-malformed"


class PolicyMalformedError(InvalidInputError):
    """Line {line} of the policy cannot stand: {reason}."""

    code = "policy-malformed"


class PolicyUnmetError(InvalidInputError):
    """Too few witnesses cosigned: the policy asks for {quorum}, and there are {present}."""

    code = "policy-unmet"
