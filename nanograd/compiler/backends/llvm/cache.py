"""Machine code on disk, so that a program that was compiled once starts at once.

A file is named by a digest of all that its code depends on: the text in LLVM's language, the
processor, the versions. It begins with a digest of the rest, so that a damaged one is noticed. It
is written whole or not at all: several processes may share a folder. A folder that cannot be used
costs time, and nothing else; it is told once.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path

from ....atomic import draft_beside

FORMAT = "2"
DIGEST = 32  # bytes
DRAFTS = ".nanograd-*.part"  # some are of processes that were ended
HOUR = 3600  # seconds
MOST = 1 << 28  # bytes; where there are more, the older half goes

TOLD: set[str] = set()  # what was warned of in this process


def folder() -> Path:
    """Return the folder of the cache; the variable NANOGRAD_CACHE may name another one.

    That there is no place for it is an OSError. No folder that all users share is taken: what lies
    there is run.
    """
    if named := os.environ.get("NANOGRAD_CACHE"):
        return Path(named)
    try:
        home = Path.home()
    except RuntimeError as problem:
        raise OSError(str(problem)) from None
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "nanograd" / "cache"
        )
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "nanograd"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "nanograd"


def files(pattern: str = "*.code") -> list[Path]:
    """Return the files of the cache."""
    try:
        return sorted(folder().glob(pattern))
    except OSError:
        return []


def size() -> int:
    """Return how many bytes the cache has."""
    total = 0
    for path in files():
        with suppress(OSError):  # another process may clear it at the same time
            total += path.stat().st_size
    return total


def clear() -> int:
    """Remove all files of the cache, and return how many there were."""
    removed = 0
    for path in [*files(), *filter(is_old, files(DRAFTS))]:
        with suppress(FileNotFoundError):
            path.unlink()
            removed += 1
    return removed


def forget_older_half() -> None:
    """Remove the files that were written before the newer half."""
    ages = []
    for path in files():
        with suppress(OSError):  # another process may have removed it
            ages.append((path.stat().st_mtime, path))
    for _, path in sorted(ages)[: len(ages) // 2]:
        with suppress(OSError):
            path.unlink()


def is_old(draft: Path) -> bool:
    """Return whether a draft is no longer being written."""
    try:
        return time.time() - draft.stat().st_mtime > HOUR
    except OSError:
        return False


def key_of(*parts: str) -> str:
    """Return the name of the code that depends on these texts."""
    whole = "\0".join([FORMAT, sys.platform, *parts])
    return hashlib.sha256(whole.encode()).hexdigest()


def digest_of(key: str, code: bytes) -> bytes:
    """Return what a file begins with: it tells that this code belongs to this name."""
    return hashlib.sha256(key.encode() + code).digest()


def found(key: str) -> bytes | None:
    """Return the machine code with this name, if it is there and whole."""
    try:
        content = (folder() / f"{key}.code").read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        tell("cannot be used", problem)
        return None
    digest, code = content[:DIGEST], content[DIGEST:]
    if digest_of(key, code) != digest:
        tell("has a damaged file, which is made anew", f"{key}.code")
        return None
    return code


def keep(key: str, code: bytes) -> None:
    """Write machine code under this name; where that cannot be done, do without."""
    draft = None
    try:
        target = folder() / f"{key}.code"
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = draft_beside(target)
        draft.write_bytes(digest_of(key, code) + code)
        draft.replace(target)
        if size() > MOST:
            forget_older_half()
    except OSError as problem:
        tell("cannot be used", problem)
    finally:
        with suppress(OSError):
            if draft:
                draft.unlink(missing_ok=True)


def tell(trouble: str, reason: object) -> None:
    """Warn of the cache, once for each trouble."""
    if trouble not in TOLD:
        TOLD.add(trouble)
        warnings.warn(
            f"the cache of compiled code {trouble} ({reason}). Results are the same; compiling "
            "takes longer. The variable NANOGRAD_CACHE can name another folder.",
            stacklevel=2,
        )
