"""What can be wrong with a bank's answer."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class AnswerFieldError(InvalidInputError):
    """The bank's answer has no {field}, so nobody knows what it is for; ask for it again."""

    code = "answer-field"
