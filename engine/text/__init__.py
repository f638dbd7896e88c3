"""Text that people type: normalisation and titles."""
