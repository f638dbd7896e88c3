"""Filters in a query line: fields, values, parsing and completion."""
