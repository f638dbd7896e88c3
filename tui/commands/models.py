"""The commands for models: list, train, evaluate, tune."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import click

from engine.errors import CancelledError, OptionError, RecsysError
from engine.session import TIES, EvaluationConfig, Ties
from tui.commands.group import cli
from tui.commands.options import (
    common_options,
    dataset_option,
    device_option,
    on_option,
    open_session,
    protocol_option,
    seed_option,
    settings_option,
    storage_option,
)
from tui.wording import describe

#: Where a training began, if there was a model of before the last update of the data set.
_STARTS = {
    "earlier": "began from the model of before the update (--fresh begins anew)",
    "options": "began anew, since the model of before the update has other options",
}


@cli.group()
def models() -> None:
    """Inspect the models."""


@models.command("list")
@dataset_option
@common_options
@click.pass_context
def list_all(context: click.Context, dataset: str | None, as_json: bool) -> None:
    """List the models, their options, and the data sets that each is trained on.

    With -d the defaults are those for this data set's size.
    """
    from engine.session.datasets import open_workspace
    from engine.session.model_list import list_models
    from tui.model_output import print_models
    from tui.output import log

    print_models(
        list_models(open_workspace(), dataset or context.obj["dataset"], lambda error: log(describe(error))), as_json
    )


@models.command("default")
@click.argument("model", required=False)
@click.option("--clear", type=click.Choice(("user", "sequence")), help="Have the best trained model answer again.")
@dataset_option
@common_options
@click.pass_context
def default(
    context: click.Context,
    model: str | None,
    clear: Literal["user", "sequence"] | None,
    dataset: str | None,
    as_json: bool,
) -> None:
    """Show which models answer when none is named, or have MODEL answer."""
    from engine.session import get
    from tui.model_output import print_defaults

    if model is not None and clear is not None:
        raise click.UsageError("Give MODEL or --clear, not both.")
    session = open_session(context, dataset, "auto")
    if clear is not None:
        session.runs.set_default(clear, None)
    if model is not None:
        session.runs.set_default(get(model).task, model)
    print_defaults(session.models.states(), session.name, as_json)


@cli.command()
@click.argument("model")
@dataset_option
@device_option
@settings_option
@seed_option
@on_option
@storage_option
@click.option("--fresh", is_flag=True, help="Begin anew, also where a model of before an update could be trained on.")
@click.option("--dry-run", is_flag=True, help="Only say what memory it would take, and what is free.")
@click.option("--resume", is_flag=True, help="Go on with the training that was interrupted, with its options.")
@click.option("--validate", is_flag=True, help="Hold a few interactions out, and measure each epoch by them.")
@common_options
@click.pass_context
def train(
    context: click.Context,
    model: str,
    dataset: str | None,
    device: str,
    settings: tuple[str, ...],
    seed: int,
    on: str | None,
    storage: str | None,
    fresh: bool,
    dry_run: bool,
    resume: bool,
    validate: bool,
    as_json: bool,
) -> None:
    """Train MODEL on the whole data set and keep it.

    After `datasets update`, als, explicit and svd begin from the model of before it.
    A training by epochs that is interrupted is kept as it was: --resume goes on with it, to the same model.
    """
    from tui.ending import cancelled_by_signals
    from tui.model_output import log_unfinished, print_memory, print_report
    from tui.output import log
    from tui.progress_output import progress_on_stderr

    session = open_session(context, dataset, device, on=on, storage=storage)
    if dry_run:
        print_memory(session.models.estimate_memory(model, parse_settings(settings)), session.name, as_json)
        return
    try:
        with progress_on_stderr() as job, cancelled_by_signals(job):
            report = session.models.train(
                model, parse_settings(settings), job, seed, validate=validate, resume=resume, fresh=fresh
            )
    except CancelledError:
        log_unfinished(model, session.name, session.models.unfinished(model))
        raise
    print_report(report, as_json)
    if said := _STARTS.get(str(report.about.get("start"))):
        log(f"{model} {said}.")


@cli.command()
@click.argument("names", nargs=-1, required=True, metavar="MODEL...")
@dataset_option
@device_option
@protocol_option
@seed_option
@click.option(
    "--seeds", type=click.IntRange(1, 100), default=1, show_default=True, metavar="N", help="Mean of so many."
)
@click.option(
    "-k",
    "--at",
    "count",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    metavar="K",
    help="Length of lists.",
)
@click.option("--include-seen", is_flag=True, help="Rank also what a person knows already.")
@click.option("--segments", is_flag=True, help="Figures also by kinds of users and items.")
@click.option(
    "--ties",
    type=click.Choice(TIES),
    default=TIES[0],
    show_default=True,
    help="The order of interactions of the same time: as in the file, or at random.",
)
@settings_option
@on_option
@storage_option
@common_options
@click.pass_context
def evaluate(
    context: click.Context,
    names: tuple[str, ...],
    dataset: str | None,
    device: str,
    protocol: str | None,
    seed: int,
    seeds: int,
    count: int,
    include_seen: bool,
    segments: bool,
    ties: Ties,
    settings: tuple[str, ...],
    on: str | None,
    storage: str | None,
    as_json: bool,
) -> None:
    """Train models on a part of the data and measure them on the rest.

    Several models are asked the same questions and make one table; an option given by --set is for those that have
    it, or for one as MODEL.KEY=VALUE.
    """
    from tui.model_output import print_report, print_reports
    from tui.progress_output import progress_on_stderr

    names = tuple(dict.fromkeys(names))
    options = options_by_model(names, settings)
    session = open_session(context, dataset, device, on=on, storage=storage)
    config = EvaluationConfig(
        protocol=session.models.protocol_for(names, protocol),
        seed=seed,
        seeds=seeds,
        k=count,
        filter_seen=not include_seen,
        segments=segments,
        ties=ties,
    )
    reports, failed = [], []
    for name in names:
        try:
            with progress_on_stderr() as job:
                reports.append(session.models.evaluate(name, replace(config, options=options[name]), job))
        except RecsysError as error:
            if len(names) == 1 or isinstance(error, OptionError):
                raise
            failed.append(f"{name} was left out. {describe(error)}")  # the others are still evaluated
    if len(names) == 1:
        print_report(reports[0], as_json)
    elif reports:
        print_reports(reports, as_json)
    if failed:
        raise RecsysError(" ".join(failed))


@cli.command()
@click.argument("model")
@dataset_option
@device_option
@click.option(
    "--trials",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    metavar="N",
    help="In all, with earlier.",
)
@protocol_option
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Stop after so many seconds.")
@click.option(
    "--metric", metavar="NAME", help="What to go by: rmse, mae, mrr, ndcg@10 …; by default what suits the model."
)
@click.option("--train", is_flag=True, help="Then compare the best with the model that answers now, and train it.")
@seed_option
@settings_option
@on_option
@storage_option
@common_options
@click.pass_context
def tune(
    context: click.Context,
    model: str,
    dataset: str | None,
    device: str,
    trials: int,
    protocol: str | None,
    timeout: float | None,
    metric: str | None,
    train: bool,
    seed: int,
    settings: tuple[str, ...],
    on: str | None,
    storage: str | None,
    as_json: bool,
) -> None:
    """Look for good options of MODEL on a validation part.

    Options given by --set stay as they are. The search is kept, also when it is interrupted: the same command goes on
    with it. With --train the winner and the model that answers now are measured on the test part, which the search has
    not used, and the winner is trained on everything.
    """
    from tui.comparison_output import comparison_json, print_comparison
    from tui.model_output import print_tuning, tuning_json
    from tui.output import print_json, print_line
    from tui.progress_output import progress_on_stderr

    session = open_session(context, dataset, device, on=on, storage=storage)
    with progress_on_stderr() as job:
        outcome = session.models.tune(
            model,
            trials,
            EvaluationConfig(protocol=protocol, seed=seed, options=parse_settings(settings)),
            job,
            timeout=timeout,
            metric=metric,
        )
        if train and not as_json:
            print_tuning(outcome)
        comparison = session.comparison.prove(outcome.study, job) if train else None
    if as_json:
        proof = {} if comparison is None else {"comparison": comparison_json(comparison)}
        print_json({**tuning_json(outcome), **proof})
    elif comparison is None:
        print_tuning(outcome)
    else:
        print_line()
        print_comparison(comparison)


def options_by_model(names: tuple[str, ...], settings: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """The options for each of several models: ``KEY=VALUE`` for all that have it, ``MODEL.KEY=VALUE`` for one."""
    from engine.session import get

    specs = {name: get(name) for name in names}
    options: dict[str, dict[str, str]] = {name: {} for name in names}
    for word, value in parse_settings(settings).items():
        name, dot, key = word.rpartition(".")
        if dot and name not in specs:
            raise OptionError(f"--set {word}: {name} is none of the models to evaluate, which are {', '.join(names)}.")
        takers = [name] if dot else [one for one, spec in specs.items() if word in spec.options]
        if not takers and len(names) > 1:
            raise OptionError(f"None of the models {', '.join(names)} has an option {word!r}.")
        for taker in takers or names:
            options[taker][key] = value
    for name, spec in specs.items():
        spec.read_options(options[name])  # a mistake is reported now, not after minutes of other models
    return options


def parse_settings(settings: tuple[str, ...]) -> dict[str, str]:
    """Read ``key=value`` words, also several in one, as in ``"representation=cnn loss=bpr"``."""
    parsed = {}
    for word in (word for setting in settings for word in setting.split()):
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise click.UsageError(f"--set takes KEY=VALUE, not {word!r}.")
        parsed[key] = value
    return parsed
