"""The command line itself; the commands register with it when :mod:`tui.commands` is imported."""

from __future__ import annotations

import click

from engine.version import __version__
from tui.commands.options import (
    dataset_option,
    device_option,
    embedding_model_option,
    index_option,
    log_level_option,
    on_option,
    storage_option,
)


class Commands(click.Group):
    """The commands, with a help text that ends with where the log lies."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the text below the commands."""
        from tui.log import log_path

        super().format_epilog(context, formatter)
        with formatter.indentation():
            formatter.write(f"  The log: {log_path()}\n")


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command the app opens: on the bundled demo at the first start.",
)
@dataset_option
@device_option
@embedding_model_option
@index_option
@on_option
@storage_option
@click.option("--fresh", is_flag=True, help="Begin anew, not where the app was left.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error, also in the app.")
@log_level_option
@click.version_option(__version__, prog_name="recsys-tui", message="%(prog)s %(version)s")
@click.pass_context
def cli(
    context: click.Context,
    dataset: str | None,
    device: str,
    embedding_model: str | None,
    index: str | None,
    on: str | None,
    storage: str | None,
    fresh: bool,
    debug: bool,
) -> None:
    """A terminal workbench for recommender models: search, user and sequence."""
    on = on or "local"
    context.obj = {
        "dataset": dataset,
        "device": device,
        "embedding_model": embedding_model,
        "index": index,
        "on": on,
        "storage": storage,
        "fresh": fresh,
    }
    if context.invoked_subcommand is None:
        from tui.launch import launch

        launch(dataset, device, embedding_model, index=index, on=on, storage=storage, fresh=fresh, debug=debug)
