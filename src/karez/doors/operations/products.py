"""Operations on products: their term sheets, what a loan of one would be, and new versions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from karez.doors.operations.operation import Call, Control, Operation, Retry
from karez.doors.operations.shapes import AmountMinor, Input, Name, Output, Text, shape
from karez.engines.cashflow.cost import percent
from karez.engines.servicing import Line
from karez.services import products
from karez.services.products import Published, TermSheet
from karez.services.products.errors import (
    ProductPublishedError,
    ProductTermError,
    ProductUnknownError,
    SheetBrokenError,
)

SHEET_CHARACTERS_MOST = 100_000

SheetText = Annotated[str, msgspec.Meta(min_length=1, max_length=SHEET_CHARACTERS_MOST)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1200)]


class ProductRow(Output, kw_only=True):
    """A version of a product: what it lends, and who published it."""

    code: str
    version: int
    name: str
    purpose: str
    currency: str
    amount_least_minor: int
    amount_most_minor: int
    amount_step_minor: int
    rate_least_pct_year: Decimal
    rate_most_pct_year: Decimal
    instalments_least: int
    instalments_most: int
    recorded_at: datetime
    by: str
    reason: str


class ProductList(Output, kw_only=True):
    """The latest version of every product."""

    products: list[ProductRow]


class TermLine(Output, kw_only=True):
    """A key of a term sheet, and its value as text; what it leaves to a default too."""

    key: str
    value: str


class ProductDetail(Output, kw_only=True):
    """A version of a product with all its keys, its text, and which versions there are."""

    product: ProductRow
    terms: list[TermLine]
    text: str
    versions: list[ProductRow]


class PreviewLine(Output, kw_only=True):
    """What goes out (``paid_out_minor``) or falls due on a day; amounts in minor units."""

    on: date
    number: int | None
    paid_out_minor: int
    principal_minor: int
    interest_minor: int
    fees_minor: int
    due_minor: int
    balance_minor: int | None


class ProductPreview(Output, kw_only=True):
    """A loan that is only thought of, if all is paid on the day it falls due."""

    product: str
    version: int
    currency: str
    amount_minor: int
    rate_pct_year: Decimal
    starts_on: date
    lines: list[PreviewLine]
    interest_minor: int
    fees_minor: int
    cost_minor: int
    payable_minor: int
    apr_eu_pct: Decimal
    apr_us_pct: Decimal
    effective_pct: Decimal
    passes_cap: bool


class ChangedTerm(Output, kw_only=True):
    """A key that differs from the version before; null is one that is not there."""

    key: str
    before: str | None
    after: str | None


class ProductPublication(Output, kw_only=True):
    """What became of a term sheet; ``is_new`` is false where the latest version says the same."""

    code: str
    version: int
    is_new: bool
    changes: list[ChangedTerm]


Version = Annotated[int, msgspec.Meta(ge=1, lt=1 << 31)]


class OneProduct(Input, kw_only=True):
    """A product, by its code; without a version the latest."""

    product: Name
    version: Version | None = None


class PreviewQuestion(OneProduct, kw_only=True):
    """Which loan; without a rate at that of its usual borrower, without a number in the most."""

    amount_minor: AmountMinor
    instalments: Count | None = None
    rate_pct_year: Decimal | None = None
    starts_on: date | None = None


class SheetToPublish(Input, kw_only=True):
    """A term sheet as text (TOML), and why it is published."""

    text: SheetText
    reason: Text = ""


def _row(found: Published) -> ProductRow:
    sheet = found.sheet
    return ProductRow(
        code=sheet.code,
        version=sheet.version,
        name=sheet.name,
        purpose=sheet.purpose,
        currency=sheet.currency.code,
        amount_least_minor=sheet.amount.least_minor,
        amount_most_minor=sheet.amount.most_minor,
        amount_step_minor=sheet.amount.step_minor,
        rate_least_pct_year=sheet.rate.least_pct_year,
        rate_most_pct_year=sheet.rate.most_pct_year,
        instalments_least=sheet.instalments.least,
        instalments_most=sheet.instalments.most,
        recorded_at=found.recorded_at,
        by=found.actor,
        reason=found.reason,
    )


def _list(call: Call, _: Input) -> ProductList:
    with call.office.books.transaction() as connection:
        found = products.list_published(connection)
    latest = {each.sheet.code: each for each in found}  # the oldest first
    return ProductList(products=[_row(latest[code]) for code in sorted(latest)])


def _show(call: Call, asked: OneProduct) -> ProductDetail:
    with call.office.books.transaction() as connection:
        found = products.find_published(connection, asked.product, asked.version)
        versions = products.list_published(connection, asked.product)
    terms = products.flat(found.sheet).items()
    return ProductDetail(
        product=_row(found),
        terms=[TermLine(key=key, value=value) for key, value in terms],
        text=found.text,
        versions=[_row(each) for each in reversed(versions)],
    )


def _preview(call: Call, asked: PreviewQuestion) -> ProductPreview:
    with call.office.books.transaction() as connection:
        sheet = products.find_sheet(connection, asked.product, asked.version)
    starts_on = asked.starts_on or call.today
    shown = products.preview(
        sheet,
        amount_minor=asked.amount_minor,
        instalments=asked.instalments or sheet.instalments.most,
        starts_on=starts_on,
        rate_pct_year=asked.rate_pct_year,
    )
    cost = shown.cost
    return ProductPreview(
        product=sheet.code,
        version=sheet.version,
        currency=sheet.currency.code,
        amount_minor=asked.amount_minor,
        rate_pct_year=shown.rate_pct_year,
        starts_on=starts_on,
        lines=_lines(shown),
        interest_minor=shown.interest_minor,
        fees_minor=shown.fees_minor,
        cost_minor=cost.cost_minor,
        payable_minor=cost.paid_minor,
        apr_eu_pct=percent(cost.apr_eu),
        apr_us_pct=percent(cost.apr_us),
        effective_pct=percent(cost.effective),
        passes_cap=shown.passes_cap,
    )


def _lines(shown: products.Preview) -> list[PreviewLine]:
    made: list[PreviewLine] = []
    number = 0
    for line in shown.lines:
        if isinstance(line, Line):
            number += 1
            made.append(
                shape(
                    PreviewLine, line, on=line.due, number=number, paid_out_minor=0,
                    due_minor=line.total_minor,
                )
            )  # fmt: skip
        else:
            made.append(
                PreviewLine(
                    on=line.on, number=None, paid_out_minor=line.amount_minor, principal_minor=0,
                    interest_minor=0, fees_minor=line.fees_minor, due_minor=line.fees_minor,
                    balance_minor=None,
                )
            )  # fmt: skip
    return made


def _publish(call: Call, asked: SheetToPublish) -> ProductPublication:
    done = products.publish(
        call.office.books, asked.text, name="the term sheet", actor=call.actor.name,
        reason=asked.reason,
    )  # fmt: skip
    return ProductPublication(
        code=done.sheet.code,
        version=done.sheet.version,
        is_new=done.is_new,
        changes=[shape(ChangedTerm, each) for each in done.changes],
    )


def _sheet_of(asked: SheetToPublish) -> TermSheet:
    return products.read_sheet(asked.text, "the term sheet")


OPERATIONS = (
    Operation(
        name="products.list",
        summary="List the latest version of every product.",
        method="GET",
        path="/v1/products",
        input=Input,
        output=ProductList,
        run=_list,
        permission="products.read",
        retry=Retry.READ,
    ),
    Operation(
        name="products.show",
        summary="Show a product with all its terms and versions.",
        method="GET",
        path="/v1/products/{product}",
        input=OneProduct,
        output=ProductDetail,
        run=_show,
        permission="products.read",
        retry=Retry.READ,
        errors=(ProductUnknownError,),
    ),
    Operation(
        name="products.preview",
        summary="Show the schedule and the cost of a loan of a product.",
        method="GET",
        path="/v1/products/{product}/preview",
        input=PreviewQuestion,
        output=ProductPreview,
        run=_preview,
        permission="products.read",
        retry=Retry.READ,
        errors=(ProductUnknownError, ProductTermError),
    ),
    Operation(
        name="products.publish",
        summary="Publish a term sheet as the next version of its product.",
        method="POST",
        path="/v1/products",
        input=SheetToPublish,
        output=ProductPublication,
        run=_publish,
        permission="products.publish",
        retry=Retry.NATURAL,
        control=Control.ALWAYS,
        errors=(SheetBrokenError, ProductPublishedError),
        target_of=lambda asked: f"product:{_sheet_of(asked).code}",
    ),
)
