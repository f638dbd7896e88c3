"""Trained models on disk: one folder a model, exchanged whole, with the report of its training beside it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.atomic import describe_os_error, read_json, write_json
from engine.errors import DataError
from engine.results import FitReport

REPORT = "report.json"


def store(model: Any, folder: Path, report: FitReport, fingerprints: Mapping[str, str]) -> None:
    """Save a model and its report; what was there before is replaced when the new one is whole.

    Parameters
    ----------
    model
        Anything with ``save(path)``.
    folder
        Where the model lies.
    report
        Of its training.
    fingerprints
        The hashes of the vocabularies that its dense ids come from.

    Raises
    ------
    DataError
        If the folder cannot be written; the older model is then untouched.
    """
    fresh = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        fresh.mkdir(parents=True)
        model.save(fresh)
        write_json(
            fresh / REPORT,
            {
                "report": asdict(report),
                "fingerprints": dict(fingerprints),
                "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
            },
        )
        if folder.exists():
            old = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.old")
            folder.rename(old)
            fresh.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            fresh.rename(folder)
    except OSError as error:
        raise DataError(f"{folder}: the model cannot be stored ({describe_os_error(error)}).") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def read_report(folder: Path, fingerprints: Mapping[str, str]) -> dict[str, Any] | None:
    """The report of the model in ``folder``, or None where there is none that fits these vocabularies."""
    if not (folder / REPORT).is_file():
        return None
    stored = read_json(folder / REPORT)
    if not isinstance(stored, dict) or stored.get("fingerprints") != dict(fingerprints):
        return None
    return stored
