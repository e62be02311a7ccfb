"""Loops over arrays, compiled with LLVM from what emitters write: for tests and benchmarks."""

import ctypes
from functools import cache

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

from nanograd.compiler.backends.llvm.lanes import Lanes

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
INTEGER = ir.IntType(64)
TYPES = {"double": ir.DoubleType(), "float": ir.FloatType()}
DTYPES = {"double": np.float64, "float": np.float32}
ENGINES = []  # compiled code lives as long as its engine


@cache
def target_machine():
    """Return the machine that this runs on, at LLVM's highest level of optimization."""
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )


def add_loop(module, name, emit, arity, element, lanes):
    """Add a function name(count, inputs…, output) that goes through arrays, `lanes` at a time."""
    kind = TYPES[element]
    number = kind if lanes == 1 else ir.VectorType(kind, lanes)
    pointers = [kind.as_pointer()] * (arity + 1)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [INTEGER, *pointers]), name)
    entry, loop, done = (function.append_basic_block(part) for part in ("entry", "loop", "done"))
    builder = ir.IRBuilder(entry)
    builder.branch(loop)
    builder.position_at_end(loop)
    place = builder.phi(INTEGER)
    places = [
        builder.bitcast(builder.gep(array, [place]), number.as_pointer())
        for array in function.args[1:]
    ]
    align = kind.get_abi_alignment(target_machine().target_data)
    operands = [Lanes(builder, builder.load(at, align=align)) for at in places[:-1]]
    builder.store(emit(*operands).value, places[-1], align=align)
    following = builder.add(place, INTEGER(lanes))
    place.add_incoming(INTEGER(0), entry)
    place.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, function.args[0]), loop, done)
    builder.position_at_end(done)
    builder.ret_void()
    return function


def compiled(emitters, element, lanes):
    """Return {name: function(*arrays)} of {name: (emit, arity)}, compiled in one module.

    The loops' own names are others, since some emitters call functions of the C library by theirs.
    The arrays are copied to a whole number of vectors. `function.raw` takes a count and addresses.
    """
    module = ir.Module()
    for name, (emit, arity) in emitters.items():
        add_loop(module, f"{name}_loop", emit, arity, element, lanes)
    code = llvm.parse_assembly(str(module))
    code.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    passes = llvm.create_pass_builder(target_machine(), options)
    passes.getModulePassManager().run(code, passes)
    engine = llvm.create_mcjit_compiler(code, target_machine())
    engine.finalize_object()
    ENGINES.append(engine)
    return {
        name: callable_loop(
            engine.get_function_address(f"{name}_loop"), arity, DTYPES[element], lanes
        )
        for name, (_, arity) in emitters.items()
    }


def callable_loop(address, arity, dtype, lanes):
    """Return the loop at an address as a function of arrays."""
    raw = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (arity + 1))(address)

    def call(*arrays):
        count = len(arrays[0])
        padded = [np.resize(np.asarray(x, dtype), -(-count // lanes) * lanes) for x in arrays]
        out = np.empty_like(padded[0])
        raw(len(out), *(x.ctypes.data for x in padded), out.ctypes.data)
        return out[:count]

    call.raw = raw
    return call
