"""The map of a catalogue: its embeddings laid out in the plane, with regions that have names."""
