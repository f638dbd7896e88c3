"""Which keys do what: the names of keys, the sets of keys to choose from, and their application to the bindings."""
