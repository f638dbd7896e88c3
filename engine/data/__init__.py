"""Who interacted with what: the catalogue, the interactions, the ids, and the records that answers are made of."""
