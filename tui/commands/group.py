"""The command line itself; the commands register with it when :mod:`tui.commands` is imported."""

from __future__ import annotations

import click

from engine.version import __version__
from tui.commands.options import dataset_option, debug_option, device_option, embedding_model_option


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command the app opens: on the bundled demo at the first start.",
)
@dataset_option
@device_option
@embedding_model_option
@debug_option
@click.version_option(__version__, prog_name="recsys-tui", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, dataset: str | None, device: str, embedding_model: str | None) -> None:
    """A terminal workbench for recommender models: search, user and sequence."""
    context.obj = {"dataset": dataset, "device": device, "embedding_model": embedding_model}
    if context.invoked_subcommand is None:
        from tui.launch import launch

        launch(dataset, device, embedding_model)
