"""One reader a source: files to a data set."""
