"""The check command: whether everything that is stored is whole, and repairing what is not."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from engine.errors import RecsysError
from tui.commands.group import cli
from tui.commands.options import common_options, dataset_option

if TYPE_CHECKING:
    from engine.session.check import Finding


@cli.command()
@click.option("--repair", is_flag=True, help="Repair what is damaged. Data and models are moved aside, never deleted.")
@dataset_option
@common_options
@click.pass_context
def check(context: click.Context, repair: bool, dataset: str | None, as_json: bool) -> None:
    """Check every stored file against its checksum: data sets, models, embeddings, your own
    ratings, caches and state.

    With -d one data set is checked. The exit status is 1 if something is damaged and was not repaired.
    """
    from engine.session.check import check_all
    from tui.progress_output import progress_on_stderr

    with progress_on_stderr() as job:
        findings = list(check_all(dataset or context.obj["dataset"], repair=repair, job=job))
    _print(findings, as_json)
    damaged = sum(finding.is_bad for finding in findings)
    if damaged:
        what = f"{damaged:,} of {len(findings):,}"
        if repair:
            raise RecsysError(f"Not repaired: {what} stored things, named above.")
        raise RecsysError(
            f"Damaged or unreadable: {what} stored things; `recsys-tui check --repair` repairs caches and embeddings, "
            "and moves aside what cannot be repaired."
        )


def _print(findings: list[Finding], as_json: bool) -> None:
    from tui.output import log, print_json, print_table

    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    if not findings:
        log("Nothing is stored yet.")
        return
    rows = [
        (
            finding.dataset or "–",
            finding.kind,
            finding.name,
            "repaired" if finding.repair else finding.condition.replace("-", " "),
            finding.repair or finding.detail,
        )
        for finding in findings
    ]
    print_table(("Data set", "What", "Name", "Condition", "Detail"), rows, cut=(2, 4))
    repaired = sum(bool(finding.repair) for finding in findings)
    if repaired:
        log(f"Repaired: {repaired:,} of {len(findings):,} stored things.")
    elif not any(finding.is_bad for finding in findings):
        log("Everything is whole.")
