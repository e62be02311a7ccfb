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
import warnings
from contextlib import suppress
from pathlib import Path

from ....atomic import draft_beside

FORMAT = "1"
DIGEST = 32  # bytes

TOLD: list[str] = []  # what was warned of in this process


def folder() -> Path:
    """Return the folder of the cache; the variable NANOGRAD_CACHE may name another one."""
    if named := os.environ.get("NANOGRAD_CACHE"):
        return Path(named)
    home = Path.home()
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "nanograd" / "cache"
        )
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "nanograd"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "nanograd"


def files() -> list[Path]:
    """Return the files of the cache."""
    try:
        return sorted(folder().glob("*.code"))
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
    for path in files():
        with suppress(FileNotFoundError):
            path.unlink()
            removed += 1
    return removed


def key_of(*parts: str) -> str:
    """Return the name of the code that depends on these texts."""
    whole = "\0".join([FORMAT, sys.platform, *parts])
    return hashlib.sha256(whole.encode()).hexdigest()


def found(key: str) -> bytes | None:
    """Return the machine code with this name, if it is there and whole."""
    path = folder() / f"{key}.code"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        tell(f"cannot be read ({problem.strerror or problem})")
        return None
    digest, code = content[:DIGEST], content[DIGEST:]
    if hashlib.sha256(code).digest() != digest:
        tell(f"has a damaged file, {path.name}, which is made anew")
        return None
    return code


def keep(key: str, code: bytes) -> None:
    """Write machine code under this name; where that cannot be done, do without."""
    target = folder() / f"{key}.code"
    draft = draft_beside(target)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_bytes(hashlib.sha256(code).digest() + code)
        draft.replace(target)
    except OSError as problem:
        tell(f"cannot be written ({problem.strerror or problem})")
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def tell(trouble: str) -> None:
    """Warn of the cache, once."""
    if not TOLD:
        TOLD.append(trouble)
        warnings.warn(
            f"the cache of compiled code in {folder()} {trouble}. Results are the same; compiling "
            "takes longer. The variable NANOGRAD_CACHE can name another folder.",
            stacklevel=2,
        )
