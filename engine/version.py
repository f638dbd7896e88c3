"""The version of the program, in a module of its own so that it can be printed without importing anything else."""

__version__ = "0.1.0"
