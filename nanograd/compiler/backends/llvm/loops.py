"""Loops of the machine: over places one after the other, and over several at once in lanes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .code import Code, Value
from .memory import Lane, splat, steps


def counted(
    code: Code,
    length: str,
    starts: Sequence[Value],
    step: Callable[[str, list[Value]], Sequence[Value]],
    *,
    can_be_stopped: bool = False,
) -> list[Value]:
    """Write a loop that counts, and return the numbers that it has changed from step to step."""
    head, body, end, before = code.label("head"), code.label("body"), code.label("end"), code.block
    code.jump(head)
    code.begin(head)
    index = code.name()
    now = [Value(code.name(), x.is_wide) for x in starts]
    hole = len(code.lines)
    is_inside = code.let(f"icmp slt i64 {index}, {length}")
    code.branch(unless_stopped(code, is_inside) if can_be_stopped else is_inside, body, end)
    code.begin(body)
    after = step(index, now)
    following = code.let(f"add i64 {index}, 1")
    code.lines[hole:hole] = [
        f"  {index} = phi i64 [0, %{before}], [{following}, %{code.block}]",
        *phis(code, now, starts, before, after),
    ]
    code.jump(head)
    code.begin(end)
    return now


def repeated(
    code: Code,
    starts: Sequence[Value],
    holds: Callable[[list[Value]], str],
    step: Callable[[list[Value]], Sequence[Value]],
) -> list[Value]:
    """Write a loop that goes on while a bit holds, and return the numbers that it has changed."""
    head, body, end, before = code.label("head"), code.label("body"), code.label("end"), code.block
    code.jump(head)
    code.begin(head)
    now = [Value(code.name(), x.is_wide) for x in starts]
    hole = len(code.lines)
    code.branch(unless_stopped(code, holds(now)), body, end)
    code.begin(body)
    after = step(now)
    code.lines[hole:hole] = phis(code, now, starts, before, after)
    code.jump(head)
    code.begin(end)
    return now


def unless_stopped(code: Code, condition: str) -> str:
    """Return whether a condition holds, and nobody has told the kernel to stop.

    Another thread may do so at any time: the word in memory is looked at in each step.
    """
    word = code.let("load volatile i64, ptr %stop, align 8")
    return code.let(f"and i1 {condition}, {code.let(f'icmp eq i64 {word}, 0')}")


def phis(
    code: Code,
    now: Sequence[Value],
    starts: Sequence[Value],
    before: str,
    after: Sequence[Value],
) -> list[str]:
    """Return the lines that say what numbers are in a step: the first, or those of the last one."""
    lines = []
    for x, start, last in zip(now, starts, after, strict=True):
        kind = code.type_of(x)
        origins = f"[{start.text}, %{before}], [{last.text}, %{code.block}]"
        lines.append(f"  {x.text} = phi {kind} {origins}")
    return lines


def lanes(
    code: Code,
    axis: str,
    length: str,
    starts: Sequence[Value],
    step: Callable[[Lane, list[Value]], Sequence[Value]],
    *,
    is_short: bool = True,
) -> list[Value]:
    """Write a loop over an axis, several places at once; return the numbers that it has changed.

    The last few places do not fill all lanes: they are done under a mask. A short step is written
    twice, so that all others need none.
    """
    if code.width == 1:
        return counted(code, length, starts, lambda i, now: step(Lane(axis, i, ""), now))
    if not is_short:
        return masked(code, axis, length, starts, step)
    rounds = code.let(f"udiv i64 {length}, {code.width}")

    def full(index: str, now: list[Value]) -> Sequence[Value]:
        return step(Lane(axis, code.let(f"mul i64 {index}, {code.width}"), ""), now)

    found = counted(code, rounds, starts, full)
    start = code.let(f"mul i64 {rounds}, {code.width}")
    return remainder(code, axis, start, length, found, step)


def remainder(
    code: Code,
    axis: str,
    start: str,
    length: str,
    starts: Sequence[Value],
    step: Callable[[Lane, list[Value]], Sequence[Value]],
) -> list[Value]:
    """Write one more step, for the places from `start` on, if there are any."""
    rest, end, before = code.label("rest"), code.label("end"), code.block
    code.branch(code.let(f"icmp slt i64 {start}, {length}"), rest, end)
    code.begin(rest)
    after = step(Lane(axis, start, mask_of(code, start, length)), list(starts))
    last = code.block
    code.jump(end)
    code.begin(end)
    found = []
    for x, y in zip(starts, after, strict=True):
        origins = f"[{x.text}, %{before}], [{y.text}, %{last}]"
        found.append(Value(code.let(f"phi {code.type_of(x)} {origins}"), x.is_wide))
    return found


def masked(
    code: Code,
    axis: str,
    length: str,
    starts: Sequence[Value],
    step: Callable[[Lane, list[Value]], Sequence[Value]],
) -> list[Value]:
    """Write a loop over an axis with a mask in each step."""
    more = code.let(f"add i64 {length}, {code.width - 1}")
    rounds = code.let(f"udiv i64 {more}, {code.width}")

    def one(index: str, before: list[Value]) -> Sequence[Value]:
        start = code.let(f"mul i64 {index}, {code.width}")
        return step(Lane(axis, start, mask_of(code, start, length)), before)

    return counted(code, rounds, starts, one)


def mask_of(code: Code, start: str, length: str) -> str:
    """Return the mask of the lanes before the end."""
    left = code.let(f"sub i64 {length}, {start}")
    return code.let(f"icmp ult <{code.width} x i64> {steps(code)}, {splat(code, left)}")
