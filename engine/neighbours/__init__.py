"""Models that go by how alike items are."""
