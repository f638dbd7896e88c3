"""Text that tries to make a terminal obey it, sent through every screen and every command."""
