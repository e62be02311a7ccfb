"""`python3 -m nanograd` is the command line."""

import sys

INTERRUPTED = 130  # the exit status after Ctrl-C, as shells have it


def main() -> int:
    """Run the command line, and return the exit status; Ctrl-C is heard while it is loaded too."""
    try:
        from .cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("nanograd: interrupted\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
