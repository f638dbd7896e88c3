"""What the commands share: their options, arguments that look like options, and the session."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from engine.session import DEVICES, LOG_LEVELS, PROTOCOLS

if TYPE_CHECKING:
    from engine.session import Item, Session

Command = TypeVar("Command", bound=Callable[..., Any])

dataset_option = click.option(
    "-d", "--dataset", metavar="DATASET", help="Which data set; else the one added or opened last."
)
device_option = click.option(
    "--device", type=click.Choice(DEVICES), default="auto", show_default=True, help="What computes."
)
index_option = click.option(
    "--index",
    metavar="FOLDER|s3://…|postgresql://…",
    help="A LanceDB or PostgreSQL store that search by meaning asks; embed fills it.",
)
on_option = click.option(
    "--on",
    metavar="local|ray|auto|ray://HOST:PORT",
    help="Where large work is computed: here, on a Ray cluster that is started here (for several GPUs), or on one that "
    "runs.",
)
storage_option = click.option(
    "--storage",
    metavar="FOLDER|s3://…",
    help="With --on: a place that all machines see, from which they read large data; else config.toml's.",
)
model_option = click.option("-m", "--model", metavar="MODEL", help="Which model; else the best trained one.")
count_option = click.option(
    "-k", "count", type=click.IntRange(1, 10_000), default=10, show_default=True, metavar="N", help="How many."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
embedding_model_option = click.option(
    "--embedding-model",
    metavar="NAME|FOLDER",
    help="What understands texts; else config.toml's, or the packaged one.",
)
seed_option = click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=42, show_default=True, metavar="N")
protocol_option = click.option(
    "--protocol", type=click.Choice(PROTOCOLS), help="How to split; by default what suits the model."
)
settings_option = click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="An option of the model.")
# Read by tui.cli.main from the arguments themselves, because an error may come before a command is chosen.
debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")


def _log_from(context: click.Context, option: click.Parameter, level: str | None) -> None:
    if level is not None:
        from tui.log import configure_log

        configure_log(level)


log_level_option = click.option(
    "--log-level",
    type=click.Choice(LOG_LEVELS),
    expose_value=False,
    callback=_log_from,
    help="What the log keeps; else config.toml's log-level, or info.",
)


class NegativeIdsCommand(click.Command):
    """A command that takes ``-5`` as an id, although click takes every word that begins with a dash as an option."""

    shielded = re.compile(r"-\d+")

    def parse_args(self, context: click.Context, words: list[str]) -> list[str]:
        """Put a space, which the command strips, before such words, unless they are the value of an option."""
        options = [one for one in self.params if isinstance(one, click.Option) and not one.is_flag]
        before_value = {name for option in options for name in option.opts}
        shielded = [
            f" {word}" if self.shielded.fullmatch(word) and before not in before_value else word
            for before, word in zip(["", *words], words, strict=False)
        ]
        return super().parse_args(context, shielded)


class FiltersCommand(NegativeIdsCommand):
    """A command that takes ``-genre:horror`` as a filter."""

    shielded = re.compile(r"-[^\W\d_][\w-]*:.+", re.DOTALL)


def common_options(command: Command) -> Command:
    """The options that every command but the app takes."""
    return log_level_option(debug_option(json_option(command)))


def open_session(
    context: click.Context,
    dataset: str | None,
    device: str,
    embedding_model: str | None = None,
    on: str | None = None,
    index: str | None = None,
    *,
    storage: str | None = None,
    brief: bool = False,
) -> Session:
    """The session of a command; `-d`, `--device`, `--on` and `--storage` may come before or after the command.

    `brief` is for a command whose models give few answers; see :class:`engine.session.Session`.
    """
    from engine import session
    from engine.session.datasets import open_workspace
    from tui.output import log

    outer = context.obj
    on, storage = on or outer["on"], storage or outer["storage"]
    if storage and on == "local":
        log("--storage says nothing without --on: this machine computes alone, and nothing is shared.")
    return session.open_session(
        open_workspace(),
        dataset or outer["dataset"],
        device=outer["device"] if device == "auto" else device,
        embedding_model=embedding_model or outer["embedding_model"],
        index=index or outer["index"],
        on=on,
        storage=storage,
        brief=brief,
    )


def resolve_item(session: Session, text: str, *, model: str | None = None, rated: bool | None = None) -> Item:
    """The item that a title or an id means; one that was typed otherwise is said on stderr.

    Parameters
    ----------
    session, text
        The session, and what was typed.
    model, rated
        As of :meth:`engine.session.sequences.SequenceService.resolve_title`.

    Raises
    ------
    UnknownError
        With suggestions, where nothing fits or several things do.
    """
    from tui.output import log

    match = session.sequences.resolve_title(text.strip(), model=model, rated=rated)
    item = match.item
    if match.how not in ("exact", "id"):
        year = "" if item.year is None else f" ({item.year})"
        log(f"{text!r} taken as {item.title}{year}, id {item.item_id}.")
    return item
