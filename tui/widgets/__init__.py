"""The pieces that panes are made of."""
