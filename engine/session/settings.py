"""Settings for a program around the engine: it declares its own beside the engine's, in the same file."""

from engine.storage.config_file import FILE, ConfigFile, read_config
from engine.storage.setting import Kind, Problem, Setpoint, Setting, Source, resolve, unknown
from engine.storage.settings import ENGINE_SETTINGS

__all__ = [
    "ENGINE_SETTINGS",
    "FILE",
    "ConfigFile",
    "Kind",
    "Problem",
    "Setpoint",
    "Setting",
    "Source",
    "read_config",
    "resolve",
    "unknown",
]
