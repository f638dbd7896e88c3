"""How work is run: jobs, devices and their queue, lazy imports."""
