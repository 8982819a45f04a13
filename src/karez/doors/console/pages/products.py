"""Products: the list, one with its terms in words and a loan of it computed live, a new version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from karez.doors.console import charts
from karez.doors.console.forms import Form
from karez.doors.console.listing import Listing
from karez.doors.console.visit import Page, Visit, faults_of
from karez.doors.operations.products import ProductPreview, ProductRow
from karez.kernel.errors import KarezError
from karez.kernel.money import currency, format_amount, parse_amount


def listed(visit: Visit) -> Response:
    """List the latest version of every product."""
    listing = Listing.of(visit.request, sort="code")
    found = visit.ask("products.list")
    return visit.render("products/list.html", listing=listing, products=found.products)


def shown(visit: Visit) -> Response:
    """Show a product; the URL says of which loan the schedule and the cost are shown."""
    given = visit.request.query_params
    found = visit.ask(
        "products.show",
        product=visit.request.path_params["product"],
        version=given.get("version", ""),
    )
    row: ProductRow = found.product
    usual = {
        "amount": format_amount(row.amount_most_minor, currency(row.currency)),
        "instalments": str(row.instalments_most),
        "rate": "",
        "starts_on": "",
    }
    form = Form({name: given.get(name, value) for name, value in usual.items()})
    seen: ProductPreview | None = None
    try:
        seen = _previewed(visit, row, form)
    except KarezError as error:
        form = form.refused(faults_of(error))
    return visit.render(
        "products/show.html",
        found=found,
        row=row,
        form=form,
        seen=seen,
        drawing=_drawing(visit, seen) if seen else None,
    )


def _previewed(visit: Visit, row: ProductRow, form: Form) -> ProductPreview:
    text = form.value("amount").replace(",", "").strip()
    return visit.ask(
        "products.preview",
        product=row.code,
        version=row.version,
        amount_minor=parse_amount(text, currency(row.currency)),
        instalments=form.value("instalments"),
        rate_pct_year=form.value("rate"),
        starts_on=form.value("starts_on"),
    )


def _drawing(visit: Visit, seen: ProductPreview) -> charts.Drawing:
    scale = 10 ** currency(seen.currency).exponent
    dues = [line for line in seen.lines if line.number is not None]
    parts = {
        visit.text("Principal"): [line.principal_minor / scale for line in dues],
        visit.text("Interest"): [line.interest_minor / scale for line in dues],
        visit.text("Fees"): [line.fees_minor / scale for line in dues],
    }
    return charts.stacked(
        visit.text("Schedule"),
        [str(line.number) for line in dues],
        {name: values for name, values in parts.items() if any(values)},
        heading=visit.text("Instalment"),
    )


def published(visit: Visit) -> Response:
    """Take a term sheet, show what it changes, and propose it to a second person."""
    code = visit.request.path_params["product"]
    text = "" if visit.posts else visit.ask("products.show", product=code).text
    form = visit.form(text=text, reason="")
    effect: dict[str, Any] | None = None
    if visit.posts:
        try:
            values: dict[str, Any] = dict(form.values)
            if visit.sent.get("sure"):
                answer, _ = visit.perform("products.publish", **values)
                back = f"/products/{code}"
                return visit.onward(answer, back, visit.text("Done."), waits_at=back)
            _, effect = visit.perform("products.publish", preview=True, **values)
        except KarezError as error:
            form = form.refused(faults_of(error))
    return visit.render(
        "products/publish.html", code=code, form=form, effect=effect,
        status=422 if form.faults else 200,
    )  # fmt: skip


PAGES: Mapping[str, Page] = {
    "/products": listed,
    "/products/{product}": shown,
    "/products/{product}/new-version": published,
}
