"""A reader that cannot even be imported; the others must stay usable."""

raise ImportError("the package librarian is not installed")
