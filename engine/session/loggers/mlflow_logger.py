"""Runs in MLflow's format, in a database in a local folder; ``mlflow ui`` shows them."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.data.runs import RunRecord
from engine.errors import missing_package

#: The most parameters and metrics of one call.
_MOST_PARAMS, _MOST_METRICS = 100, 500
_LONGEST = 500
#: What MLflow allows in a name.
_FORBIDDEN = re.compile(r"[^\w.\- /]")
_STATUS = {"finished": "FINISHED", "stopped": "KILLED", "failed": "FAILED"}


class MlflowLogger:
    """Keeps runs in an SQLite database, one experiment for each data set.

    Parameters
    ----------
    folder
        The folder of the database ``mlflow.db``.

    Raises
    ------
    RecsysError
        If MLflow is not installed.
    """

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it reports its use from its import on
        try:
            from mlflow.tracking import MlflowClient
        except ImportError as error:
            raise missing_package("Logging runs needs", "mlflow") from error
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._client: Any = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")

    def log(self, run: RunRecord) -> None:
        """Keep a run with its options, its figures, and the curves of its epochs."""
        from mlflow.entities import Metric, Param, RunTag

        client, begun = self._client, int(datetime.fromisoformat(run.started).timestamp() * 1000)
        ended = begun + int(run.seconds.get("total", 0.0) * 1000)
        made = client.create_run(self._experiment(run.dataset), begun, run_name=f"{run.kind} {run.model} #{run.id}")
        number = made.info.run_id
        params = [Param(_name(name), str(value)[:_LONGEST]) for name, value in _params(run)]
        for start in range(0, len(params), _MOST_PARAMS):
            client.log_batch(number, params=params[start : start + _MOST_PARAMS])
        metrics = [Metric(_name(name), value, ended, step) for name, value, step in _metrics(run)]
        for start in range(0, len(metrics), _MOST_METRICS):
            client.log_batch(number, metrics=metrics[start : start + _MOST_METRICS])
        tags = {"run": run.id, "data": run.data, "version": run.version, "note": run.note, "error": run.error}
        tags |= {f"machine.{name}": value for name, value in run.machine.items()}
        client.log_batch(number, tags=[RunTag(name, str(value)[:_LONGEST]) for name, value in tags.items() if value])
        client.set_terminated(number, _STATUS[run.state], ended)

    def _experiment(self, dataset: str) -> str:
        name = f"recsys-tui {dataset}"
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return str(self._client.create_experiment(name, artifact_location=(self._folder / "artifacts").as_uri()))


def _name(name: str) -> str:
    """A name as MLflow takes it: ``ndcg@10`` becomes ``ndcg_at_10``."""
    return _FORBIDDEN.sub("_", name.replace("@", "_at_"))


def _params(run: RunRecord) -> Iterator[tuple[str, Any]]:
    yield "kind", run.kind
    yield "model", run.model
    if run.protocol:
        yield "protocol", run.protocol
    if run.seed is not None:
        yield "seed", run.seed
    for name, value in run.options.items():
        yield f"option.{name}", value
    for name, value in run.settings.items():
        yield f"setting.{name}", value


def _metrics(run: RunRecord) -> Iterator[tuple[str, float, int]]:
    """The figures, and the curves by epoch."""
    found = [(name, value, 0) for name, value in run.metrics.items()]
    found += [(f"seconds.{name}", value, 0) for name, value in run.seconds.items()]
    found += [("loss", loss, epoch) for epoch, loss in enumerate(run.losses, 1)]
    if run.validation is not None:
        curve = run.validation
        found += [
            (f"validation {curve.metric}", value, epoch)
            for epoch, value in zip(curve.epochs, curve.values, strict=True)
        ]
    yield from ((name, float(value), step) for name, value, step in found if math.isfinite(value))
