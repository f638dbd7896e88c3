"""Sentence encoders: from texts to vectors."""
