"""The command `cache`: where compiled functions are kept on disk, how large that is; clear it."""

import argparse
from typing import Any

DESCRIPTION = (
    "Show the folder in which machine code of compiled functions is kept between runs, and its "
    "size. The environment variable NANOGRAD_CACHE names another folder."
)


def add_cache(commands: Any) -> None:
    """Add the command `cache` to the commands of an argument parser."""
    reader = commands.add_parser(
        "cache",
        help="show or clear what compiled functions keep on disk",
        description=DESCRIPTION,
        allow_abbrev=False,
    )
    reader.set_defaults(run=run_cache)
    reader.add_argument("--clear", action="store_true", help="remove the files in it")


def run_cache(options: argparse.Namespace) -> int:
    """Print the folder with its size, or what has been removed from it; return the exit status."""
    from .compiler.backends.llvm import cache

    if options.clear:
        count = cache.clear()
        print(f"removed {count:,} file{'' if count == 1 else 's'} from {cache.folder()}")
    else:
        print(f"{cache.folder()}: {spelled(cache.size())}")
    return 0


def spelled(size: int) -> str:
    """Return a number of bytes for people.

    >>> spelled(0), spelled(999), spelled(123_456), spelled(2_500_000_000)
    ('0 B', '999 B', '123.5 kB', '2.5 GB')
    """
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.95 or unit == "GB":
            break
    return f"{amount:,.1f} {unit}"
