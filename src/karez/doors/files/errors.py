"""What can be wrong with a file, as a whole or in one row."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class FileUnreadableError(InvalidInputError):
    """{file} cannot be read as {format}: {reason}; name the format that it has."""

    code = "file-unreadable"


class FileUnwritableError(InvalidInputError):
    """{file} cannot be written: {reason}; name another file, or make room for it."""

    code = "file-unwritable"


class FileEmptyError(InvalidInputError):
    """{file} is empty; its first line names the columns."""

    code = "file-empty"


class HeaderRepeatedError(InvalidInputError):
    """{file} names the column {column} twice in its header; remove or rename one of them."""

    code = "header-repeated"


class HeaderIncompleteError(InvalidInputError):
    """{file} has no column {missing}; it has {found}. Expected {wanted}."""

    code = "header-incomplete"


class HeaderUnknownError(InvalidInputError):
    """{file} has a column {column} that means nothing here: did you mean {nearest}?"""

    code = "header-unknown"


class IdsAlreadyError(InvalidInputError):
    """{file} has a column id: leave out --ids-from-content, which is for files that have none."""

    code = "ids-already"


class ColumnCountError(InvalidInputError):
    """The row has {found} fields, the header {wanted}; quote a field that holds the separator."""

    code = "column-count"


class QuoteError(InvalidInputError):
    """The quoting is broken ({reason}); end each quoted field, and double a quote inside it."""

    code = "quote-broken"


class TextEncodingError(InvalidInputError):
    """{value} is not UTF-8 text; save the file as UTF-8."""

    code = "text-encoding"


class NulCharacterError(InvalidInputError):
    """{value} holds a NUL character; remove it."""

    code = "nul-character"


class FieldMissingError(InvalidInputError):
    """There is no {field} here, and each row needs one."""

    code = "field-missing"


class ChoiceUnknownError(InvalidInputError):
    """{value!r} is none of {choices}."""

    code = "choice-unknown"


class JsonMalformedError(InvalidInputError):
    """This is not {expected}: {reason}."""

    code = "json-malformed"


class EntryRowsError(InvalidInputError):
    """Rows of entry {entry} differ in {field}; leave it empty after the first, or use two ids."""

    code = "entry-rows"


class JournalSideError(InvalidInputError):
    """A line either debits or credits its account: write one positive amount, on one side.

    Found debit {debit!r} and credit {credit!r}.
    """

    code = "journal-side"


class CasesMalformedError(InvalidInputError):
    """{file} is not a file of cases: {reason}."""

    code = "cases-malformed"


class CalendarMalformedError(InvalidInputError):
    """{file}, line {line}: {text!r} is not a day; write one a line, such as 2026-12-25."""

    code = "calendar-malformed"


class TradeRowError(InvalidInputError):
    """{file}, table {table}, row {row}: {reason}; mend the row, its advance is left out."""

    code = "trade-row"


class LoanRowError(InvalidInputError):
    """{file}, {unit} {line}: {reason}; mend the row, its loan is left out."""

    code = "loan-row"


class PhotoUnreadableError(InvalidInputError):
    """{file} cannot be read as a picture: {reason}; take another copy of it."""

    code = "photo-unreadable"
