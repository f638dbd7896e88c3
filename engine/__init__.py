"""The computing part of recsys-tui: data sets, models and search, without any terminal."""

import logging

# A program around the engine decides where its log goes; without this, Python would print warnings on stderr.
logging.getLogger(__name__).addHandler(logging.NullHandler())
