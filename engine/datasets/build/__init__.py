"""From the rows of files to a data set: items, interactions, and the ids that connect them."""
