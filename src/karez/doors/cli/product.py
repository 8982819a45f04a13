"""``karez product``: the table of its commands; each module is imported when it is called."""

from __future__ import annotations

import click

from karez.doors.cli.shell import LazyGroup

_SHEETS = "karez.doors.cli.product_sheets"
COMMANDS = {
    "catalogue": (f"{_SHEETS}:show_catalogue", "Show the products that come with Karez."),
    "check": (f"{_SHEETS}:check", "Name everything that is wrong with a term sheet."),
    "preview": ("karez.doors.cli.product_preview:show_preview", "Show a loan of a product."),
    "backtest": ("karez.doors.cli.product_backtest:backtest", "Try it on past applications."),
    "publish": (f"{_SHEETS}:publish_sheet", "Publish a term sheet as the next version."),
    "list": (f"{_SHEETS}:list_sheets", "List what is published."),
    "show": (f"{_SHEETS}:show", "Show a published version."),
}


@click.command(cls=LazyGroup, table=COMMANDS)
def product() -> None:
    """Define products as term sheets: check, preview, try, publish."""
