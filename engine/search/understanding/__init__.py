"""Conditions in words: what a query asks for besides the words to search for."""
