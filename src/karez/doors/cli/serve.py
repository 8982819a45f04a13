"""``karez serve``: the console and the API, until the process is told to end."""

from __future__ import annotations

import click

from karez.doors.cli.shell import Shell, command_options


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8765, show_default=True, help="The port.")
@click.option("--demo", is_flag=True, help="Let anybody on this machine enter as staff.")
@command_options
def serve(shell: Shell, *, host: str, port: int, demo: bool) -> None:
    """Serve the console and the API.

    The first time it prints a link by which the first administrator begins. Put a proxy with TLS in
    front of it for others than this machine. It ends when it is interrupted.
    """
    from karez.doors.serve import Serving  # noqa: PLC0415 - heavy, and for this command alone
    from karez.doors.serve import serve as run  # noqa: PLC0415 - as above

    config = shell.config
    serving = Serving(institution=config.institution, host=host, port=port, demo=demo)
    with shell.database() as database:
        run(database, config.home, serving, lambda line: click.echo(line, err=shell.as_json))
    shell.show({"address": serving.address, "ended": True}, ["Karez has ended."])
