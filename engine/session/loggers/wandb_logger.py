"""Runs in the format of Weights & Biases, in a local folder and without a connection."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from engine.data.runs import RunRecord
from engine.errors import missing_package


class WandbLogger:
    """Keeps runs below a folder, one project for each data set.

    Parameters
    ----------
    folder
        The folder; W&B writes into its folder ``wandb``.

    Raises
    ------
    RecsysError
        If W&B is not installed.
    """

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # also without a connection it reports its own errors
        try:
            import wandb
        except ImportError as error:
            raise missing_package("Logging runs needs", "wandb") from error
        folder.mkdir(parents=True, exist_ok=True)
        self._wandb: Any = wandb
        self._folder = folder

    def log(self, run: RunRecord) -> None:
        """Keep a run with its options, its figures, and the curves of its epochs."""
        kept = self._wandb.init(
            project=f"recsys-tui-{run.dataset}",
            name=f"{run.kind} {run.model} #{run.id}",
            dir=str(self._folder),
            mode="offline",
            config={
                "kind": run.kind,
                "model": run.model,
                "protocol": run.protocol,
                "seed": run.seed,
                "options": dict(run.options),
                "settings": dict(run.settings),
                "data": run.data,
                "version": run.version,
                "machine": dict(run.machine),
            },
            notes=run.note or None,
            reinit="create_new",
            settings=self._wandb.Settings(silent=True, console="off", disable_git=True, save_code=False),
        )
        by_epoch: dict[int, dict[str, float]] = {}
        for epoch, loss in enumerate(run.losses, 1):
            by_epoch.setdefault(epoch, {})["loss"] = loss
        if run.validation is not None:
            for epoch, value in zip(run.validation.epochs, run.validation.values, strict=True):
                by_epoch.setdefault(epoch, {})[f"validation {run.validation.metric}"] = value
        for epoch, values in sorted(by_epoch.items()):
            kept.log(values, step=epoch)
        kept.summary.update({**run.metrics, **{f"seconds.{name}": value for name, value in run.seconds.items()}})
        kept.summary.update({"state": run.state, "error": run.error})
        kept.finish(exit_code=0 if run.state == "finished" else 1)
