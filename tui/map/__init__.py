"""The map of the catalogue: a screen in front of the tabs, drawn with braille dots."""
