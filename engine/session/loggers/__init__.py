"""Loggers of runs: records of other programs, kept beside our own."""
