"""Where the program starts: nothing is imported before an interrupt can be answered."""


def main() -> int:
    """Run the program; returns its exit status. See :func:`tui.cli.main`."""
    try:
        from tui.cli import main as run

        return run()
    except KeyboardInterrupt:
        import sys

        sys.stderr.write("Interrupted.\n")
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
