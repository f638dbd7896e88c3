"""The serve command: the app as a web page."""

from __future__ import annotations

import shlex
import subprocess
import sys
from urllib.parse import urlsplit

import click

from engine.errors import ErrorKind, RecsysError
from tui.commands.group import cli
from tui.commands.options import dataset_option, device_option, json_option

#: The variable that gives a token. Unlike an option it is not in the list of processes.
_TOKEN_VARIABLE = "RECSYS_TUI_TOKEN"


@cli.command()
@dataset_option
@device_option
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen; 0.0.0.0: everywhere."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, metavar="N", help="0: a free one."
)
@click.option("--token", metavar="TOKEN", envvar=_TOKEN_VARIABLE, help="What a browser must know; else one is made.")
@click.option("--with-token", is_flag=True, help="Need a token on this machine, too: others may be logged in on it.")
@click.option("--public-url", default="", metavar="URL", help="The address that a web server in front of this one has.")
@json_option
@click.pass_context
def serve(
    context: click.Context,
    dataset: str | None,
    device: str,
    host: str,
    port: int,
    token: str | None,
    with_token: bool,
    public_url: str,
    as_json: bool,
) -> None:
    """Serve the app as a web page, on this machine alone unless --host says otherwise.

    Whoever can open the page can do there what you can do in the app. Opened wider than this machine it needs a token,
    which is printed once, as a part of the address.
    """
    from tui.output import log, print_json, print_line
    from tui.web.access import LEAST_TOKEN, Access, is_loopback, make_token

    if public_url and (urlsplit(public_url).scheme not in ("http", "https") or not urlsplit(public_url).hostname):
        raise click.BadParameter("it must begin with http:// or https:// and name a host", param_hint="--public-url")
    if token is not None and (len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable()):
        raise RecsysError(
            f"The token is too easy to guess: take {LEAST_TOKEN} or more letters, digits and signs, or none, so that "
            "one is made."
        )
    wide = not is_loopback(host) or bool(public_url)
    if token is None and (wide or with_token):
        token = make_token()
    try:
        from tui.web.server import PARAMETER, WebServer
    except ModuleNotFoundError as error:
        raise RecsysError(
            "Serving the app as a web page needs the package textual-serve, which is not installed.",
            kind=ErrorKind.MISSING_PACKAGE,
            name="textual-serve",
        ) from error

    outer = context.obj
    words = [sys.executable, "-P", "-m", "tui.cli"]  # -P: not a package of that name in the current folder
    for option, value in (
        ("--dataset", dataset or outer["dataset"]),
        ("--device", device if device != "auto" else outer["device"]),
        ("--embedding-model", outer["embedding_model"]),
        ("--index", outer["index"]),
        ("--storage", outer["storage"]),
    ):
        if value and value != "auto":
            words += [option, value]
    if outer["on"] != "local":  # auto is a choice here
        words += ["--on", outer["on"]]
    if outer["fresh"]:
        words.append("--fresh")
    command = subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
    server = WebServer(command, Access(host, token, public_url), port)

    def started() -> None:
        url = server.address if token is None else f"{server.address.rstrip('/')}/?{PARAMETER}={token}"
        if as_json:
            print_json({"url": url, "host": host, "port": server.port, "token": token})
        else:
            print_line(url)
        if token is None:
            log("Anybody who is logged in on this machine can open it (--with-token needs a token for that).")
        elif wide and not public_url:
            log("The connection is not encrypted: use it in a network that you trust, or through ssh -L.")
        log("Ctrl+C ends it.")

    import asyncio

    asyncio.run(server.run(started))
    log("Ended.")
