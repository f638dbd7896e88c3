"""The door to the engine: a session over one data set, and what a program around it needs.

Importing this package imports none of these modules; each is imported when a name of it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.data.history import Timeline
    from engine.data.id_map import ExternalId
    from engine.data.items import Item
    from engine.data.profile import Profile
    from engine.data.results import Mark, Overview, Task
    from engine.data.runs import RUN_KINDS, RUN_STATES, RunRecord, ValidationCurve
    from engine.data.thumbnail import Thumbnail
    from engine.data.updates import DatasetUpdate
    from engine.evaluation.config import PROTOCOLS, TIES, EvaluationConfig, Ties
    from engine.evaluation.tuning import Tuned
    from engine.models.memory import MemoryEstimate
    from engine.models.registry import get
    from engine.profiles.profile import Status, on_scale
    from engine.runtime.devices import DEVICES
    from engine.runtime.job import VALIDATION, Job, Progress, validation_of
    from engine.runtime.memory import describe_bytes
    from engine.runtime.pandas_later import put_off_pandas
    from engine.search.filters.completion import Completion
    from engine.search.filters.parser import ParsedQuery, Problem
    from engine.search.highlighting import spans
    from engine.search.map.item_map import ItemMap
    from engine.search.map.regions import MapRegion
    from engine.search.modes import LIKE_BY, MODES, LikeBy, Mode
    from engine.session.exports.exported import Exported
    from engine.session.exports.kinds import EXPORT_KINDS, ExportKind
    from engine.session.exports.orders import ExportChoice, ExportOrder
    from engine.session.exports.target import Target
    from engine.session.exports.text_file import write_text
    from engine.session.map import Surroundings
    from engine.session.moments import read_moment
    from engine.session.open_dataset import remove_shared_data
    from engine.session.pins import MarkedItem
    from engine.session.queries import QueryResult
    from engine.session.session import Session, open_session
    from engine.session.stored_datasets import Draft, NewDataset, StoredDataset
    from engine.session.taste import CommonItem, Likeness, Taste, TasteShare
    from engine.storage.atomic import describe_os_error, write_json, writing
    from engine.storage.guarded import read_json
    from engine.storage.lock import Holder, announcing_waits
    from engine.storage.paths import find_paths
    from engine.storage.settings import LOG_LEVELS, read_settings
    from engine.text.foreign_names import is_description
    from engine.text.normalize import words
    from engine.what_if import Edit
    from engine.workspace.dataset_store import Workspace
    from engine.workspace.manifest import Manifest
    from engine.workspace.run_store import StoredRuns

_MODULES = {
    "engine.data.history": ("Timeline",),
    "engine.data.id_map": ("ExternalId",),
    "engine.data.items": ("Item",),
    "engine.data.profile": ("Profile",),
    "engine.data.results": ("Mark", "Overview", "Task"),
    "engine.data.thumbnail": ("Thumbnail",),
    "engine.data.updates": ("DatasetUpdate",),
    "engine.data.runs": ("RUN_KINDS", "RUN_STATES", "RunRecord", "ValidationCurve"),
    "engine.evaluation.config": ("PROTOCOLS", "TIES", "EvaluationConfig", "Ties"),
    "engine.evaluation.tuning": ("Tuned",),
    "engine.models.memory": ("MemoryEstimate",),
    "engine.models.registry": ("get",),
    "engine.profiles.profile": ("Status", "on_scale"),
    "engine.runtime.devices": ("DEVICES",),
    "engine.runtime.job": ("VALIDATION", "Job", "Progress", "validation_of"),
    "engine.runtime.memory": ("describe_bytes",),
    "engine.runtime.pandas_later": ("put_off_pandas",),
    "engine.search.filters.completion": ("Completion",),
    "engine.search.filters.parser": ("ParsedQuery", "Problem"),
    "engine.search.highlighting": ("spans",),
    "engine.search.map.item_map": ("ItemMap",),
    "engine.search.map.regions": ("MapRegion",),
    "engine.search.modes": ("LIKE_BY", "MODES", "LikeBy", "Mode"),
    "engine.session.exports.exported": ("Exported",),
    "engine.session.exports.kinds": ("EXPORT_KINDS", "ExportKind"),
    "engine.session.exports.orders": ("ExportChoice", "ExportOrder"),
    "engine.session.exports.target": ("Target",),
    "engine.session.exports.text_file": ("write_text",),
    "engine.session.map": ("Surroundings",),
    "engine.session.moments": ("read_moment",),
    "engine.session.open_dataset": ("remove_shared_data",),
    "engine.session.pins": ("MarkedItem",),
    "engine.session.queries": ("QueryResult",),
    "engine.session.taste": ("CommonItem", "Likeness", "Taste", "TasteShare"),
    "engine.session.session": ("Session", "open_session"),
    "engine.session.stored_datasets": ("Draft", "NewDataset", "StoredDataset"),
    "engine.storage.atomic": ("describe_os_error", "write_json", "writing"),
    "engine.storage.guarded": ("read_json",),
    "engine.storage.lock": ("Holder", "announcing_waits"),
    "engine.storage.paths": ("find_paths",),
    "engine.storage.settings": ("LOG_LEVELS", "read_settings"),
    "engine.text.foreign_names": ("is_description",),
    "engine.text.normalize": ("words",),
    "engine.what_if": ("Edit",),
    "engine.workspace.dataset_store": ("Workspace",),
    "engine.workspace.manifest": ("Manifest",),
    "engine.workspace.run_store": ("StoredRuns",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "DEVICES",
    "EXPORT_KINDS",
    "LIKE_BY",
    "LOG_LEVELS",
    "MODES",
    "PROTOCOLS",
    "RUN_KINDS",
    "RUN_STATES",
    "TIES",
    "VALIDATION",
    "CommonItem",
    "Completion",
    "DatasetUpdate",
    "Draft",
    "Edit",
    "EvaluationConfig",
    "ExportChoice",
    "ExportKind",
    "ExportOrder",
    "Exported",
    "ExternalId",
    "Holder",
    "Item",
    "ItemMap",
    "Job",
    "LikeBy",
    "Likeness",
    "Manifest",
    "MapRegion",
    "Mark",
    "MarkedItem",
    "MemoryEstimate",
    "Mode",
    "NewDataset",
    "Overview",
    "ParsedQuery",
    "Problem",
    "Profile",
    "Progress",
    "QueryResult",
    "RunRecord",
    "Session",
    "Status",
    "StoredDataset",
    "StoredRuns",
    "Surroundings",
    "Target",
    "Task",
    "Taste",
    "TasteShare",
    "Thumbnail",
    "Ties",
    "Timeline",
    "Tuned",
    "ValidationCurve",
    "Workspace",
    "announcing_waits",
    "describe_bytes",
    "describe_os_error",
    "find_paths",
    "get",
    "is_description",
    "on_scale",
    "open_session",
    "put_off_pandas",
    "read_json",
    "read_moment",
    "read_settings",
    "remove_shared_data",
    "spans",
    "validation_of",
    "words",
    "write_json",
    "write_text",
    "writing",
]


if not TYPE_CHECKING:  # to a type checker there are these names and no others

    def __getattr__(name: str) -> Any:
        """The name from the module that it lives in."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
        return value
