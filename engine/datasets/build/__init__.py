"""From rows to a data set: items, interactions, and the ids that join them."""
