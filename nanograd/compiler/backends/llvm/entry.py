"""The direct way into a kernel: a function of Python, written in machine code like the kernel.

A call of a small program must not take longer than the program. So the arguments are looked at by
machine code too: nested lists and tuples of floats and ints, and arrays of doubles without gaps. It
gives NotImplemented for anything else; then the usual way is gone, which takes all and says what
is wrong. It uses Python's own C interface, and how a float and a type lie in memory, which is
checked once.
"""

from __future__ import annotations

import ctypes
import sys
from array import array
from collections.abc import Callable, Sequence
from functools import cache as once
from typing import Any
from weakref import WeakKeyDictionary

from . import cache
from .machine import compiled, linked, processor, version
from .module import POINTERS

#: The arguments or the results: a place among the leaves, a data array, or a sequence of these.
Spec = Any  # ("number", place), ("array", place), ("list", [...]), ("tuple", [...])

FASTCALL = 0x80  # how Python calls: with a pointer to the arguments, and how many they are
PLAIN = 0x0C  # a buffer without gaps, with its format and shape
VIEW = 80  # bytes of a Py_buffer
MOST_CELLS = 2_000
MOST_LEAVES = 400  # numbers and arrays that go in, and numbers that come out
MOST_WORK = 200_000  # lines times rows: Python's lock is held

#: Functions of Python's C interface: what they give, and what they take.
INTERFACE = {
    "PyLong_AsDouble": ("double", "ptr"),
    "PyErr_Occurred": ("ptr", ""),
    "PyErr_Clear": ("void", ""),
    "PyList_Size": ("i64", "ptr"),
    "PyList_GetItem": ("ptr", "ptr, i64"),
    "PyTuple_Size": ("i64", "ptr"),
    "PyTuple_GetItem": ("ptr", "ptr, i64"),
    "PyObject_GetBuffer": ("i32", "ptr, ptr, i32"),
    "PyBuffer_Release": ("void", "ptr"),
    "PyFloat_FromDouble": ("ptr", "double"),
    "PyList_New": ("ptr", "i64"),
    "PyList_SetItem": ("i32", "ptr, i64, ptr"),
    "PyTuple_New": ("ptr", "i64"),
    "PyTuple_SetItem": ("i32", "ptr, i64, ptr"),
    "Py_IncRef": ("void", "ptr"),
}
TYPES = {"number": float, "int": int, "list": list, "tuple": tuple}
TYPES |= {"buffer": array, "view": memoryview}
ARRAYS = ("ndarray", "buffer", "view")  # types whose buffers are asked for without Python code


@once
def is_possible() -> bool:
    """Return whether floats and types lie in memory as this file takes it."""
    number, word = 2.5, ctypes.sizeof(ctypes.c_void_p)
    return (
        sys.implementation.name == "cpython"
        and word == 8
        and ctypes.c_void_p.from_address(id(number) + 8).value == id(float)
        and ctypes.c_double.from_address(id(number) + 16).value == number
    )


def symbols() -> dict[str, int]:
    """Return where all that is called lies in memory."""
    import numpy as np

    found = {f"type.{name}": id(kind) for name, kind in TYPES.items()}
    found["type.ndarray"] = id(np.ndarray)
    for name in INTERFACE:
        function = getattr(ctypes.pythonapi, name)
        found[name] = ctypes.cast(function, ctypes.c_void_p).value or 0
    return found | {"not_implemented": id(NotImplemented)}


class Entry:
    """Writes the function for arguments and results of one form."""

    def __init__(self, numbers: Sequence[int], columns: Sequence[int], axes: int, cells: int):
        self.numbers = {place: i for i, place in enumerate(numbers)}  # of a leaf, where it goes
        self.columns = {place: i for i, place in enumerate(columns)}
        self.axes = axes
        self.cells = cells
        self.lines: list[str] = []
        self.count = 0
        self.held = 0  # buffers that must be given back
        self.has_rows = False

    def text(self, arguments: Spec, results: Spec, outputs: int, most_rows: int) -> str:
        """Return the function in LLVM's language."""
        self.let_room("numbers", len(self.numbers), "double")
        self.let_room("columns", len(self.columns), "ptr")
        self.let_room("lengths", self.axes, "i64")
        self.let_room("out", outputs, "double")
        self.let_room("cells", self.cells, "double")
        self.let_room("stop", 1, "i64")
        self.put("0", "i64", "stop", 0)  # nobody does
        self.write("%rows = alloca i64")
        arrays = str(arguments).count("'array'")
        self.let_room("views", arrays * VIEW, "i8")
        self.require(f"icmp eq i64 %count, {len(arguments[1])}")
        for i, spec in enumerate(arguments[1]):
            place = self.let(f"getelementptr ptr, ptr %args, i64 {i}")
            self.take(self.let(f"load ptr, ptr {place}"), spec)
        if self.has_rows:
            self.set_lengths(most_rows)
        pointers = ["null" if x == "room" else f"%{x}" for x in POINTERS]
        self.write(f"call void @kernel({', '.join(map('ptr {}'.format, pointers))})")
        self.release(self.held)
        self.write(f"ret ptr {self.give(results)}")
        for held in range(self.held + 1):
            self.write(f"fail{held}:")
            self.release(held)
            self.write("call void @Py_IncRef(ptr @not_implemented)")
            self.write("ret ptr @not_implemented")
        declared = [f"declare {out} @{name}({given})" for name, (out, given) in INTERFACE.items()]
        declared += [f'@"type.{name}" = external global i8' for name in (*TYPES, "ndarray")]
        declared += ["@not_implemented = external global i8"]
        head = "define ptr @entry(ptr %self, ptr %args, i64 %count) {"
        return "\n".join([*declared, head, *self.lines, "}"])

    # -- lines -------------------------------------------------------------------------------

    def write(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)

    def let(self, expression: str) -> str:
        """Add a line with a result, and return its name."""
        self.count += 1
        self.write(f"%e{self.count} = {expression}")
        return f"%e{self.count}"

    def let_room(self, name: str, count: int, kind: str) -> None:
        """Add room for some numbers."""
        self.write(f"%{name} = alloca [{max(count, 1)} x {kind}], align 16")

    def require(self, condition: str) -> None:
        """Add a check: where it fails, this way is not gone."""
        holds = self.let(condition)
        self.count += 1
        self.write(f"br i1 {holds}, label %go{self.count}, label %fail{self.held}")
        self.write(f"go{self.count}:")

    def release(self, held: int) -> None:
        """Give buffers back."""
        for i in range(held):
            self.count += 1
            view = f"%r{self.count}"
            self.write(f"{view} = getelementptr i8, ptr %views, i64 {i * VIEW}")
            self.write(f"call void @PyBuffer_Release(ptr {view})")

    # -- arguments ---------------------------------------------------------------------------

    def take(self, item: str, spec: Spec) -> None:
        """Take a part of the arguments."""
        kind, what = spec
        if kind == "number":
            self.take_number(item, what)
        elif kind == "array":
            self.take_array(item, what)
        else:
            self.require(f'icmp eq ptr {self.type_of(item)}, @"type.{kind}"')
            name = kind.capitalize()
            size = self.let(f"call i64 @Py{name}_Size(ptr {item})")
            self.require(f"icmp eq i64 {size}, {len(what)}")
            for i, part in enumerate(what):
                self.take(self.let(f"call ptr @Py{name}_GetItem(ptr {item}, i64 {i})"), part)

    def type_of(self, item: str) -> str:
        """Return the type of a thing."""
        return self.let(f"load ptr, ptr {self.let(f'getelementptr i8, ptr {item}, i64 8')}")

    def take_number(self, item: str, place: int) -> None:
        """Take a float, or an int."""
        kind = self.type_of(item)
        self.count += 1
        n = self.count
        is_float = self.let(f'icmp eq ptr {kind}, @"type.number"')
        self.write(f"br i1 {is_float}, label %float{n}, label %int{n}")
        self.write(f"int{n}:")
        self.require(f'icmp eq ptr {kind}, @"type.int"')
        whole = self.let(f"call double @PyLong_AsDouble(ptr {item})")
        error = self.let("call ptr @PyErr_Occurred()")
        self.write("call void @PyErr_Clear()")
        self.require(f"icmp eq ptr {error}, null")
        last = self.lines[-1][:-1]
        self.write(f"br label %number{n}")
        self.write(f"float{n}:")
        inside = self.let(f"getelementptr i8, ptr {item}, i64 16")
        number = self.let(f"load double, ptr {inside}")
        self.write(f"br label %number{n}")
        self.write(f"number{n}:")
        found = self.let(f"phi double [{whole}, %{last}], [{number}, %float{n}]")
        if place in self.numbers:
            self.put(found, "double", "numbers", self.numbers[place])

    def put(self, value: str, kind: str, room: str, i: int) -> None:
        """Put something where the kernel looks for it."""
        home = self.let(f"getelementptr {kind}, ptr %{room}, i64 {i}")
        self.write(f"store {kind} {value}, ptr {home}")

    def take_array(self, item: str, place: int) -> None:
        """Take an array: its buffer holds doubles without gaps, as many as the others do."""
        kind = self.type_of(item)
        one, two, three = [self.let(f'icmp eq ptr {kind}, @"type.{name}"') for name in ARRAYS]
        self.require(f"or i1 {self.let(f'or i1 {one}, {two}')}, {three}")
        view = self.let(f"getelementptr i8, ptr %views, i64 {self.held * VIEW}")
        status = self.let(f"call i32 @PyObject_GetBuffer(ptr {item}, ptr {view}, i32 {PLAIN})")
        self.write("call void @PyErr_Clear()")
        self.require(f"icmp eq i32 {status}, 0")
        self.held += 1
        self.require(f"icmp eq i32 {self.part(view, 36, 'i32')}, 1")
        letters = self.part(view, 40, "ptr")
        self.require(f"icmp ne ptr {letters}, null")
        word = self.let(f"load i16, ptr {letters}, align 1")
        self.require(f"icmp eq i16 {word}, {ord('d')}")  # and the end of the text
        rows = self.let(f"load i64, ptr {self.part(view, 48, 'ptr')}")
        if self.has_rows:
            self.require(f"icmp eq i64 {rows}, {self.let('load i64, ptr %rows')}")
        self.has_rows = True
        self.write(f"store i64 {rows}, ptr %rows")
        if place in self.columns:
            self.put(self.part(view, 0, "ptr"), "ptr", "columns", self.columns[place])

    def part(self, view: str, offset: int, kind: str) -> str:
        """Return a part of a Py_buffer."""
        return self.let(
            f"load {kind}, ptr {self.let(f'getelementptr i8, ptr {view}, i64 {offset}')}"
        )

    def set_lengths(self, most_rows: int) -> None:
        """Tell the kernel how many rows there are, if they are few."""
        rows = self.let("load i64, ptr %rows")
        self.require(f"icmp sgt i64 {rows}, 0")
        self.require(f"icmp sle i64 {rows}, {most_rows}")
        for i in range(self.axes):
            self.put(rows, "i64", "lengths", i)

    # -- results -----------------------------------------------------------------------------

    def give(self, spec: Spec) -> str:
        """Return a part of the result."""
        kind, what = spec
        if kind == "number":
            home = self.let(f"getelementptr double, ptr %out, i64 {what}")
            return self.let(
                f"call ptr @PyFloat_FromDouble(double {self.let(f'load double, ptr {home}')})"
            )
        name = kind.capitalize()
        parts = [self.give(part) for part in what]
        made = self.let(f"call ptr @Py{name}_New(i64 {len(what)})")
        for i, part in enumerate(parts):
            self.let(f"call i32 @Py{name}_SetItem(ptr {made}, i64 {i}, ptr {part})")
        return made


class MethodDef(ctypes.Structure):
    """How Python describes a function that is written in C."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def linked_entry(text: str, kernel: Any) -> Callable[..., Any]:
    """Return an entry to a kernel as a function of Python."""
    place = ctypes.cast(kernel, ctypes.c_void_p).value or 0
    declared = f"declare void @kernel({', '.join(['ptr'] * len(POINTERS))})"
    key = cache.key_of(text, *processor(), version())
    code = cache.found(key)
    if code is None:
        code = compiled(f"{declared}\n{text}", 1, is_tidied=False)
        cache.keep(key, code)
    library = linked(code, {"kernel": place, **symbols()}, "entry")
    definition = MethodDef(b"compiled", library["entry"], FASTCALL, None)
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p] * 3
    function: Callable[..., Any] = make(ctypes.addressof(definition), None, None)
    KEPT[function] = library, definition, kernel
    return function


#: What must live as long as a function does that is written in machine code.
KEPT: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
