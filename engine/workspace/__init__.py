"""What is stored of a data set: its tables, and the models trained on it."""
