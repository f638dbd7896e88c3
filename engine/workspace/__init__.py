"""The stored data sets: their tables, and the models that were trained on them."""
