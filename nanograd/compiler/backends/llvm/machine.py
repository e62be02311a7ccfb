"""The machine: what it can do, and how text in LLVM's language becomes code that runs on it."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache as once
from itertools import count
from threading import Lock
from typing import Any

NAMES = count()
LOCK = Lock()
if hasattr(os, "register_at_fork"):  # a child process would wait forever for what others compile
    os.register_at_fork(
        before=LOCK.acquire,
        after_in_parent=LOCK.release,
        after_in_child=LOCK.release,
    )


@once
def llvm() -> Any:
    """Return LLVM, ready for use."""
    import llvmlite.binding

    llvmlite.binding.initialize_native_target()
    llvmlite.binding.initialize_native_asmprinter()
    return llvmlite.binding


@once
def processor() -> tuple[str, str]:
    """Return the name of the processor, and what it can do, as LLVM writes it."""
    features: str = llvm().get_host_cpu_features().flatten()
    return llvm().get_host_cpu_name(), features


@once
def register_bits() -> int:
    """Return how wide the vector registers are."""
    features = processor()[1].split(",")
    if "+avx512f" in features:
        return 512
    return 256 if "+avx" in features else 128


@once
def target_machine(level: int) -> Any:
    """Return what writes machine code, at this level of effort."""
    name, features = processor()
    if register_bits() == 512:
        features += ",-prefer-256-bit"
    target = llvm().Target.from_default_triple()
    return target.create_target_machine(
        cpu=name,
        features=features,
        opt=level,
        reloc="pic",
        codemodel="default",
        jit=True,
    )


@once
def engine() -> Any:
    """Return what holds the code that has been made in this process."""
    # The newer linker puts all of a module side by side; it knows Windows only in part.
    is_newer = sys.platform != "win32"
    return llvm().create_lljit_compiler(target_machine(2), use_jit_link=is_newer)


def compiled(text: str, level: int, *, is_tidied: bool) -> bytes:
    """Return the machine code of a module. If it is to be tidied, LLVM's passes go over it."""
    with LOCK:
        machine = target_machine(level)
        return bytes(machine.emit_object(module_of(text, machine, is_tidied=is_tidied)))


def version() -> str:
    """Return the versions of LLVM and of what brings it."""
    import llvmlite

    return f"{llvmlite.__version__} {llvm().llvm_version_info}"


def assembly(text: str, level: int, *, is_tidied: bool) -> str:
    """Return the same as text, to be read."""
    with LOCK:
        machine = target_machine(level)
        shown: str = machine.emit_assembly(module_of(text, machine, is_tidied=is_tidied))
        return shown


def module_of(text: str, machine: Any, *, is_tidied: bool) -> Any:
    """Return a module of LLVM's own."""
    module = llvm().parse_assembly(text)
    if is_tidied:
        options = llvm().create_pipeline_tuning_options(speed_level=1)
        options.loop_vectorization = False
        options.loop_unrolling = False
        builder = llvm().create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)
    return module


def linked(code: bytes, callbacks: dict[str, int], *exported: str) -> Any:
    """Return the library that holds some machine code; it must be kept as long as that is used."""
    library = llvm().JITLibraryBuilder().add_object_img(code).add_current_process()
    for name, address in callbacks.items():
        library = library.import_symbol(name, address)
    for name in exported:
        library = library.export_symbol(name)
    with LOCK:
        return library.link(engine(), f"kernel_{next(NAMES)}")


def functions_of(
    code: bytes,
    callbacks: dict[str, int],
    pointers: int,
    *names: str,
) -> dict[str, Any]:
    """Return the functions of some machine code by their names, which take so many pointers.

    Each keeps the library in which it is: where several threads link one code at once, all but one
    of their libraries go, and nobody knows which function is called until then.
    """
    library: Any = linked(code, callbacks, *names)
    kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * pointers)
    found: dict[str, Any] = {name: kind(library[name]) for name in names}
    for function in found.values():
        function.library = library
    return found
