"""The trace: nodes, steps and source lines as plain data, in the form that the docs describe."""

import json
import math
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from programs import programs
from samples import BUILT_IN, SAMPLES

from nanograd import OPERATIONS, Value, debug, nn, where
from nanograd.drawing.record import json_of, record_of
from nanograd.drawing.trace import Link, Trace

DESCRIPTION = Path(__file__).parent.parent / "docs" / "trace.md"


def example():
    z = (Value(2.0, "x") * Value(3.0, "y") + 3) ** 2
    z.name = "z"
    return z


@given(programs())
def test_nodes_come_after_their_operands_and_have_the_grads_of_backward(program):
    output, _ = program
    trace = Trace.of(output)
    output.backward()

    for i, (node, value) in enumerate(zip(trace.nodes, trace.values, strict=True)):
        assert all(x.node < i for x in node.operands if isinstance(x, Link))
        assert [trace.values[x.node] if isinstance(x, Link) else x for x in node.operands] == (
            list(value.operands)
        )
        assert node.grad == pytest.approx(value.grad, rel=1e-12, abs=1e-15)
    assert trace.nodes[trace.output].grad == 1.0


@given(programs())
def test_the_last_share_of_each_node_brings_it_to_its_grad(program):
    trace = Trace.of(program[0])
    record = record_of(trace)
    after = {step["node"]: step["after"] for step in record["backward"]}

    for i, node in enumerate(record["nodes"]):
        assert after.get(i, 0.0) == pytest.approx(node["grad"], rel=1e-12, abs=1e-15)


def test_a_trace_is_json_also_with_nan_and_inf():
    x = Value(math.inf, "x")
    record = json.loads(json_of(Trace.of(x * math.nan - x)))

    assert [node["data"] for node in record["nodes"]] == ["inf", "nan", "nan"]
    assert record["nodes"][1]["operands"] == [{"node": 0}, {"number": "nan"}]


def test_the_documentation_names_every_key():
    with debug():
        value = example()
    record = record_of(Trace.of(value))
    text = DESCRIPTION.read_text(encoding="utf-8")
    described = set(re.findall(r"`(\w+)`", text))

    def keys(thing):
        if isinstance(thing, dict):
            return set(thing).union(*map(keys, thing.values()))
        return set().union(*map(keys, thing)) if isinstance(thing, list) else set()

    record["sources"] = {}
    record["focus"] = {"step": 0, "message": ""}
    assert keys(record) - described == set()
    assert f"version {record['version']}" in text.lower()


def test_the_example_in_the_documentation_is_what_is_written():
    text = DESCRIPTION.read_text(encoding="utf-8")
    shown = json.loads(text.split("```json\n")[1].split("```")[0])
    record = record_of(Trace.of(example()))
    record["helpers"] = shown["helpers"]

    assert shown == record


def test_in_a_debug_block_each_node_knows_its_line_and_function():
    def formula(x):
        return x * 2 + 1

    with debug():
        value = formula(Value(1.0))
    node = Trace.of(value).nodes[-1]

    assert (Path(node.place.file).name, str(node.place)) == (
        "test_trace.py",
        f"test_trace.py:{node.place.line}",
    )
    assert node.place.function.endswith("formula")
    assert (
        "return x * 2 + 1" in (record_of(Trace.of(value))["sources"][__file__][node.place.line - 1])
    )


def test_a_comprehension_counts_as_the_function_that_it_stands_in():
    with debug():
        values = [Value(float(i)) * 2 for i in range(3)]

    assert "<" not in Trace.of(values[0]).nodes[-1].place.function.removeprefix(
        "test_a_comprehension_counts_as_the_function_that_it_stands_in.<locals>."
    )


def test_a_layer_of_a_network_is_the_function_of_its_nodes():
    random.seed(0)
    with debug():
        model = nn.MLP(2, [3, 1])
        (output,) = model([1.0, 2.0])
    functions = {node.place.function for node in Trace.of(output).nodes if node.op}

    assert any("Neuron" in name or "Layer" in name for name in functions)


def test_no_grad_of_a_value_is_changed_by_looking():
    value = example()
    value.grad = 5.0
    json_of(Trace.of(value))

    assert value.grad == 5.0


def test_the_tail_that_is_not_chosen_has_the_grad_0():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    nodes = Trace.of(where(x > 0, x, y)).nodes

    assert [node.grad for node in nodes] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_operation_has_a_rule_for_the_page(name):
    operands = [Value(x) for x in SAMPLES[name][0]]
    if name in {"power", "polygamma"}:
        plain = 1 if name == "power" else 0
        operands[plain] = operands[plain].data
    record = record_of(Trace.of(OPERATIONS[name](*operands)))

    assert record["rules"][record["nodes"][-1]["rule"]] is not None


def test_a_graph_of_a_hundred_thousand_nodes_has_a_trace():
    value = Value(1.0)
    for _ in range(100_000):
        value = value + 1.0

    assert len(Trace.of(value).nodes) == 100_001
