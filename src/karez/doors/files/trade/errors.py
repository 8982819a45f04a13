"""What can be wrong with a trade document or with how it is to be read."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError, NotFoundError, UnavailableError


class MappingUnknownError(NotFoundError):
    """There is no mapping {name!r}; name a TOML file, or one that Karez has: {known}."""

    code = "mapping-unknown"


class MappingMalformedError(InvalidInputError):
    """The mapping {file} cannot be used: {reason}."""

    code = "mapping-malformed"


class ColumnUnmappedError(InvalidInputError):
    """{file} has a column {column} that the mapping does not name; map it, or map it to ignore."""

    code = "column-unmapped"


class ColumnsMissingError(InvalidInputError):
    """{file} has no column for {missing}; the mapping knows {wanted} for it."""

    code = "columns-missing"


class DateFormError(InvalidInputError):
    """{text!r} is not a date of the forms {forms}; correct it, or add its form to the mapping."""

    code = "date-form"


class StatusUnknownError(InvalidInputError):
    """The status {value!r} is none that the mapping knows: {known}; add it to the mapping."""

    code = "status-unknown"


class SheetTooLargeError(InvalidInputError):
    """{file} unpacks to {octets} octets, and {most} is the most; save it as CSV or Parquet."""

    code = "sheet-too-large"


class DocumentTooLargeError(InvalidInputError):
    """The document has {octets} octets, and {most} is the most; ask for it in smaller ones."""

    code = "document-too-large"


class DocumentEmptyError(InvalidInputError):
    """{file} has no document in it; name files, or a folder that has some."""

    code = "document-empty"


class XmlMalformedError(InvalidInputError):
    """This is not well-formed XML: {reason}; ask the sender for the document again."""

    code = "xml-malformed"


class XmlEncodingError(InvalidInputError):
    """The text is not in the encoding that it declares: {reason}; save it as UTF-8."""

    code = "xml-encoding"


class XmlEntityError(InvalidInputError):
    """The document declares a type or entities of its own; send it without DOCTYPE.

    An entity can reach other files, and grow without end.
    """

    code = "xml-entity"


class DocumentKindError(InvalidInputError):
    """The document is {found!r}; what can be read is {wanted}."""

    code = "document-kind"


class DocumentSchemaError(InvalidInputError):
    """The document breaks the schema of its kind: {reason}; ask its sender to mend it."""

    code = "document-schema"


class DocumentRuleError(InvalidInputError):
    """The document breaks a rule of EN 16931: {reason}; ask its sender to mend it."""

    code = "document-rule"


class DocumentFieldError(InvalidInputError):
    """The document has no {field}, and one of its kind needs it; ask its sender to add it."""

    code = "document-field"


class DocumentValueError(InvalidInputError):
    """{value!r} is no {wanted}; correct it."""

    code = "document-value"


class DocumentSumError(InvalidInputError):
    """The amounts do not add up: {sum} makes {found}, but {field} is {said}; correct one."""

    code = "document-sum"


class DocumentCurrencyError(InvalidInputError):
    """The amount is in {found}, and the document in {wanted}; state it in {wanted}."""

    code = "document-currency"


class EventMalformedError(InvalidInputError):
    """The event cannot be read: {reason}; correct it, or ask its sender."""

    code = "event-malformed"


class SchemasMissingError(NotFoundError):
    """{folder} has no folder maindoc with schemas of UBL; name the folder that holds it."""

    code = "schemas-missing"


class RulesMissingError(UnavailableError):
    """The rules of EN 16931 are not installed; run pip install 'karez[documents]'."""

    code = "rules-missing"
