"""The settings of the engine, which a person has written into ``config.toml`` or the environment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from engine.errors import DataError
from engine.runtime.devices import DEVICES
from engine.storage.config_file import FILE, ConfigFile, read_config
from engine.storage.setting import Setting, require, resolve

#: What the setting of the log's level can be, from the most entries to the fewest.
LOG_LEVELS = ("debug", "info", "warning", "error")

#: The settings that the engine reads; a program around it may declare more in the same file.
ENGINE_SETTINGS: Final = (
    Setting("dataset", "text", None, "the data set that opens; without it the one used last", "movies"),
    Setting("device", "choice", "auto", "what computes", "cpu", DEVICES),
    Setting("user-model", "text", None, "the model that recommends, where it is trained", "bayesian"),
    Setting("sequence-model", "text", None, "the model that continues a sequence, where it is trained", "attention"),
    Setting(
        "embedding-model",
        "text",
        None,
        "the model that understands texts: a name, or a folder; without it the packaged one",
        "all-MiniLM-L6-v2",
    ),
    Setting(
        "reranker",
        "text",
        None,
        "a cross-encoder that reads the best results of a search again: a name, or a folder",
        "cross-encoder/ms-marco-MiniLM-L6-v2",
    ),
    Setting(
        "reranker-milliseconds",
        "number",
        None,
        "the time that the cross-encoder may take for a query",
        150,
        least=1,
    ),
    Setting(
        "storage",
        "text",
        None,
        "a folder that all machines of a cluster see, or s3://BUCKET/PREFIX, for the data of large work",
        "/mnt/shared",
    ),
    Setting("show-adult", "truth", False, "whether searches and popular lists show items for adults", True),
    Setting("run-loggers", "names", None, "what else keeps runs: mlflow, wandb or another one", ["mlflow"]),
    Setting("run-loggers-folder", "text", None, "where they keep them; without it below the state", "~/runs"),
    Setting("log-level", "choice", "info", "what the log keeps", "debug", LOG_LEVELS),
)


class Settings(NamedTuple):
    """The settings; one that nothing sets is None.

    Attributes
    ----------
    dataset
        The entry ``dataset``: the data set to open where none is named.
    device
        The entry ``device``: one of :data:`engine.runtime.devices.DEVICES`.
    user_model, sequence_model
        The entries ``user-model`` and ``sequence-model``: the models that answer where none is named, if they are
        trained.
    embedding_model
        The entry ``embedding-model``: the name of a model, or a folder, in which ``~`` is the home folder.
    reranker
        The entry ``reranker``: the name or folder of a cross-encoder that reads the best results of a search again.
    reranker_milliseconds
        The entry ``reranker-milliseconds``: the time that it may take for a query.
    log_level
        The entry ``log-level``: one of :data:`LOG_LEVELS`.
    run_loggers, run_loggers_folder
        The entries ``run-loggers`` and ``run-loggers-folder``: the loggers that keep runs too, and the folder in which
        they do, in which ``~`` is the home folder.
    storage
        The entry ``storage``: where the machines of a cluster read large data, in which ``~`` is the home folder.
    show_adult
        The entry ``show-adult``: whether searches and popular lists show items for adults.
    """

    dataset: str | None = None
    device: str | None = None
    user_model: str | None = None
    sequence_model: str | None = None
    embedding_model: str | None = None
    reranker: str | None = None
    reranker_milliseconds: float | None = None
    log_level: str | None = None
    storage: str | None = None
    show_adult: bool | None = None
    run_loggers: Sequence[str] | None = None
    run_loggers_folder: str | None = None


def read_settings(folder: Path, *, strict: bool = True) -> Settings:
    """Read the engine's settings from ``config.toml`` in a folder, and from the environment, which goes before it.

    Parameters
    ----------
    folder
        The folder of the configuration.
    strict
        Whether what cannot be used is an error; otherwise it counts as not set.

    Raises
    ------
    DataError
        If the file cannot be read, or a setting has the wrong type.
    """
    try:
        config = read_config(folder / FILE)
    except DataError:
        if strict:
            raise
        config = ConfigFile(folder / FILE)
    values, problems = resolve(ENGINE_SETTINGS, config, os.environ)
    if strict:
        require(problems, config)
    given = {name: point.value for name, point in values.items() if point.source != "default"}
    return Settings(**{name.replace("-", "_"): value for name, value in given.items()})
