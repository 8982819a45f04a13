"""``karez demo``: a lender founded, a year planned, loans lived with to their end."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import attrs
import click

from karez.doors.cli.bookkeeping import exit_with, progress
from karez.doors.cli.demo.bank import Bank
from karez.doors.cli.demo.clerk import tell_payments
from karez.doors.cli.demo.ending import (
    tell_portfolio,
    tell_result,
    tell_verification,
    write_reports,
)
from karez.doors.cli.demo.households import Households
from karez.doors.cli.demo.lender import found
from karez.doors.cli.demo.lending import accepted_offers, lend
from karez.doors.cli.demo.life import Life, live_through
from karez.doors.cli.demo.planning import Season, plan_the_season
from karez.doors.cli.demo.setting import Setting, county_setting, real_setting
from karez.doors.cli.demo.story import Story
from karez.doors.cli.price_plan import ShockType
from karez.doors.cli.shell import ExitCode, Shell, command_options
from karez.engines.price.shock import Shock
from karez.kernel.database import open_database
from karez.services.bookkeeping import open_books
from karez.services.evidence import open_evidence

_MARK, _FINISHED = "karez-demo", "finished"


@click.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Real firms and their invoices; by default a made-up county.",
)
@click.option(
    "--shock",
    "shocks",
    type=ShockType(),
    multiple=True,
    metavar="INDUSTRY=SHARE:MONTHS",
    help="Lend by the plan after an industry has lost this share of its revenue.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Of all that is drawn.")
@click.option(
    "--size",
    type=click.FloatRange(0.1, 10),
    default=1.0,
    show_default=True,
    help="Of the county: half, or double, of everything.",
)
@click.option(
    "--days", type=click.IntRange(1), metavar="N", help="Live so many days; by default to the end."
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where to keep the database; by default beside that of your own books.",
)
@command_options
def demo(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    data: Path | None,
    shocks: tuple[Shock, ...],
    seed: int,
    size: float,
    days: int | None,
    home: Path | None,
) -> None:
    """Found a lender, plan a year from invoices, lend, and live with the loans to their end.

    It may be stopped at any moment; called again it goes on where it stood. Once it has ended, it
    begins anew.
    """
    if shocks and data is None:
        raise click.UsageError("a shock is for --data: a made-up county has its own")
    story = Story(quiet=shell.as_json)
    default = shell.config.home.with_name(f"{shell.config.home.name}-demo")
    with _home(home or default) as folder:
        if data is None:
            setting = county_setting(folder / "county", seed, size)
        else:
            setting = real_setting(data, seed, shocks)
        setting = attrs.evolve(setting, days=days or setting.days)
        config = attrs.evolve(
            shell.config, home=folder / "home", database_url=None, institution="main"
        )
        with (
            open_database(config) as database,
            open_books(database, "main") as books,
            open_evidence(database, "main", config.home) as evidence,
        ):
            lender = found(story, books, setting.sheet, setting.terms.budget_minor, setting.as_of)
            season = plan_the_season(shell, story, setting, evidence, folder / "refused")
            bank = Bank.of(lender.books, lender.currency, folder / "bank")
            life = Life(lender, bank, setting.seed, setting.misfortunes)
            households = _live(shell, story, setting, life, season)
            if households is not None:
                households.tell(story)
            first, last = setting.first, setting.last
            tell_result(story, lender, season, first, last)
            tell_portfolio(story, lender, last)
            write_reports(story, lender, first, last, folder / "reports")
            tell_verification(shell, story, lender)
    _say_goodbye(shell, story, folder)


def _live(
    shell: Shell, story: Story, setting: Setting, life: Life, season: Season
) -> Households | None:
    """Lend, and live with the loans; return the households who came, where there are any."""
    story.begin(f"Loans are paid out, and lived with day by day through {setting.last}")
    offers = accepted_offers(story, setting, season)
    life.take_in(lend(life.lender, setting, offers), [offer.pd_year for offer in offers])
    households = None
    if setting.county is not None:
        households = Households.of(setting.county, season.evidence, life, setting)
    with progress(shell, "days") as tell:
        serve = households.serve if households is not None else None
        live_through(life, setting.last, serve, tell)
    story.fact("days", setting.days, f"{setting.days} days were ended one by one.")
    tell_payments(story, life.bank)
    return households


@contextmanager
def _home(folder: Path) -> Generator[Path]:
    """Give the folder of a demonstration: that of one that was stopped, or a new one."""
    folder = folder.absolute()
    mark = folder / _MARK
    if folder.exists() and any(folder.iterdir()):
        if not mark.exists():
            raise click.BadParameter(f"{folder} holds something else", param_hint="--home")
        if mark.read_text("utf-8") == _FINISHED:
            shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # under root the server is another user, and must be able to enter
    mark.write_text("begun", "utf-8")
    yield folder
    mark.write_text(_FINISHED, "utf-8")


def _say_goodbye(shell: Shell, story: Story, folder: Path) -> None:
    disagree = story.disagreements
    lines = ["", *(f"Does not agree: {what}" for what in disagree)]
    lines += [] if disagree else ["Everything agrees."]
    lines += [
        f"To look around: KAREZ_HOME={folder / 'home'} karez trial-balance --tree",
        f"Reports:        {folder / 'reports'}",
    ]
    shell.show({**story.facts, "agrees": not disagree, "disagreements": disagree}, lines)
    exit_with(ExitCode.FOUND if disagree else ExitCode.DONE)
