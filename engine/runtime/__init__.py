"""How work runs: jobs, the device and its queue, lazy imports."""
