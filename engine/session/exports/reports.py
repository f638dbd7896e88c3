"""The reports of the stored models, as one JSON document or as a table with one row for each report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.storage.atomic import write_json
from engine.storage.table_files import PrepareCell, write_tables

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.data.results import FitReport

REPORT_ENDINGS: Final = (".csv", ".json", ".jsonl", ".parquet")


def write_reports(
    path: Path, reports: Sequence[tuple[FitReport, str | None]], *, prepare_cell: PrepareCell | None
) -> None:
    """Write reports to a file.

    Parameters
    ----------
    path
        The file. JSON holds all that a report has; a table has the options as JSON, and a column for each metric.
    reports
        The reports, each with the time of the training in ISO 8601 and UTC.
    prepare_cell
        As of :func:`engine.storage.table_files.write_tables`.

    Raises
    ------
    DataError
        If the file cannot be written; an older one is then unchanged.
    """
    if path.suffix.lower() == ".json":
        plain = [{**asdict(report), "trained_at": trained_at} for report, trained_at in reports]
        # Where a model lies on this machine is of no use to whoever gets the file.
        write_json(path, [{name: value for name, value in one.items() if name != "path"} for one in plain])
        return
    table = _table(reports)
    write_tables(path, table.schema, [table], prepare_cell=prepare_cell)


def _table(reports: Sequence[tuple[FitReport, str | None]]) -> pa.Table:
    import pyarrow as pa

    plain = [report for report, _ in reports]
    columns = {
        "model": pa.array([one.model for one in plain], pa.string()),
        "dataset": pa.array([one.dataset for one in plain], pa.string()),
        "trained_at": pa.array([trained_at for _, trained_at in reports], pa.string()),
        "protocol": pa.array([one.protocol for one in plain], pa.string()),
        "seed": pa.array([one.seed for one in plain], pa.int64()),
        "num_test": pa.array([one.num_test for one in plain], pa.int64()),
        "options": pa.array([json.dumps(dict(one.options), default=str) for one in plain], pa.string()),
    }
    for stage in dict.fromkeys(stage for one in plain for stage in one.seconds):
        columns[f"{stage}_seconds"] = pa.array([one.seconds.get(stage) for one in plain], pa.float64())
    for metric in dict.fromkeys(metric for one in plain for metric in one.metrics):
        columns[metric] = pa.array([one.metrics.get(metric) for one in plain], pa.float64())
    return pa.table(columns)
