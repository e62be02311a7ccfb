"""Networks and losses: PyTorch's numbers, closed forms at the extremes, names, states, messages."""

import copy
import doctest
import json
import math
import pickle
import random
from decimal import Decimal
from fractions import Fraction

import mpmath
import pytest

import nanograd
from nanograd import DataError, Value, gradient, nn, no_grad
from nanograd.data import gates
from nanograd.nn import (
    ACTIVATIONS,
    MLP,
    Layer,
    Module,
    Neuron,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge_loss,
    mse_loss,
)
from nanograd.optim import Adam

#: Sums in another order, and functions that are right to a few units in the last place.
TOLERANCE = 1e-12

#: What a loss may be off, in units in the last place of the exact number.
ULPS = 4


def seeded(seed=0):
    return random.Random(seed)


def import_torch(untested):
    return pytest.importorskip("torch", reason=f"torch is missing: {untested} not compared with it")


def close(x, y):
    return math.isclose(x, y, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def slopes(loss, inputs):
    """Return the derivatives of a loss in its inputs, by backward()."""
    for x in inputs:
        x.grad = 0.0
    loss.backward()
    return [x.grad for x in inputs]


# -- networks --------------------------------------------------------------------------------


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_a_layer_always_returns_a_list(n_outputs):
    outputs = Layer(2, n_outputs)([1.0, 2.0])

    assert type(outputs) is list
    assert len(outputs) == n_outputs


@pytest.mark.parametrize("sizes", [[1], [3], [4, 1], (4, 3, 2)])
def test_an_mlp_always_returns_a_list(sizes):
    outputs = MLP(2, sizes)([1.0, 2.0])

    assert type(outputs) is list
    assert len(outputs) == sizes[-1]


def test_a_neuron_is_a_dot_a_sum_and_an_activation():
    neuron = Neuron(3, "sigmoid")
    output = neuron([1.0, 2.0, 3.0])
    (total,) = output.parents
    product, bias = total.parents

    assert [node.op.name for node in (output, total, product)] == ["sigmoid", "add", "dot"]
    assert bias is neuron.bias
    assert all(map(lambda x, y: x is y, product.parents, neuron.weights))


def test_a_neuron_computes_what_its_formula_says():
    neuron = Neuron(2)
    neuron.load_state_dict({"weights.0": 0.5, "weights.1": -2.0, "bias": 0.25})

    assert neuron([3.0, 1.0]).data == math.tanh(0.5 * 3.0 - 2.0 * 1.0 + 0.25)


def test_the_last_layer_is_linear_and_the_others_are_not():
    model = MLP(2, [3, 4, 1], "relu")
    used = [{neuron.activation for neuron in layer.neurons} for layer in model.layers]

    assert used == [{ACTIVATIONS["relu"]}, {ACTIVATIONS["relu"]}, {ACTIVATIONS["linear"]}]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_pytorchs_of_this_name(name):
    torch = import_torch(f"the activation {name} is")
    theirs = torch.nn.Identity() if name == "linear" else getattr(torch.nn.functional, name)
    for x in (-30.0, -1.5, 0.0, 0.25, 30.0):
        value, tensor = Value(x), torch.tensor(x, dtype=torch.float64, requires_grad=True)
        ours, other = ACTIVATIONS[name](value), theirs(tensor)
        other.backward()

        assert close(ours.data, other.item())
        assert close(*slopes(ours, [value]), tensor.grad.item())


def test_an_activation_may_be_any_function():
    neuron = Neuron(1, lambda x: x * x)
    neuron.load_state_dict({"weights.0": 2.0, "bias": 1.0})

    assert neuron([1.0]).data == 9.0


def test_an_activation_may_have_parameters_of_its_own():
    class Leak(Module):
        def __init__(self):
            self.slope = Value(0.5)

        def __call__(self, x):
            return nanograd.leaky_relu(x, self.slope)

    layer = Layer(1, 2, Leak())

    assert [name for name, _ in layer.named_parameters()].count("neurons.0.activation.slope") == 1
    assert len(layer.parameters()) == 5  # the neurons share it


def torch_twin(torch, model):
    """Return PyTorch's Linear layers with the parameters of an MLP."""
    layers = []
    for layer in model.layers:
        rows = [[w.data for w in neuron.weights] for neuron in layer.neurons]
        twin = torch.nn.Linear(len(rows[0]), len(rows), dtype=torch.float64)
        twin.weight.data = torch.tensor(rows, dtype=torch.float64)
        twin.bias.data = torch.tensor(
            [neuron.bias.data for neuron in layer.neurons], dtype=torch.float64
        )
        layers += [twin, torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


def test_outputs_and_gradients_of_an_mlp_are_those_of_pytorch():
    torch = import_torch("outputs and gradients of an MLP are")
    model = MLP(3, [4, 5, 2], rng=seeded())
    twin = torch_twin(torch, model)
    inputs = [0.5, -1.25, 2.0]
    theirs = twin(torch.tensor(inputs, dtype=torch.float64))
    torch.nn.functional.cross_entropy(theirs, torch.tensor(1)).backward()

    ours = model(inputs)
    cross_entropy(ours, 1).backward()

    assert all(map(close, [out.data for out in ours], theirs.tolist()))
    for layer, linear in zip(model.layers, twin[::2], strict=True):
        for i, neuron in enumerate(layer.neurons):
            grads = [*linear.weight.grad[i].tolist(), linear.bias.grad[i].item()]
            assert all(map(close, [p.grad for p in neuron.parameters()], grads))


def test_inputs_may_be_values_and_collect_grads():
    x = [Value(0.5), Value(-1.0)]
    (output,) = MLP(2, [3, 1], rng=seeded())(x)

    assert all(slopes(output, x))


def test_inputs_may_come_from_a_generator():
    model = MLP(2, [3, 1], rng=seeded())
    layer = Layer(2, 3, rng=seeded())

    assert model(x for x in (0.5, 2.0))[0] == model((0.5, 2.0))[0]
    assert layer(x for x in (0.5, 2.0)) == layer((0.5, 2.0))


def test_nothing_is_recorded_in_a_no_grad_block():
    with no_grad():
        (output,) = MLP(2, [3, 1])([1.0, 2.0])

    assert output.parents == ()


def test_an_mlp_learns_what_no_single_neuron_can():
    model = MLP(2, [4, 1], rng=seeded())
    optimizer = Adam(model.parameters(), lr=0.1)
    rows = gates()["XOR"]
    for _ in range(100):
        losses = [binary_cross_entropy_with_logits(*model(x), target) for x, target in rows]
        optimizer.zero_grad()
        nanograd.mean(losses).backward()
        optimizer.step()

    assert [model(x)[0] > 0 for x, _ in rows] == [target == 1 for _, target in rows]


# -- parameters ------------------------------------------------------------------------------


def test_weights_are_drawn_from_the_range_of_pytorchs_linear():
    n = 16
    drawn = [p.data for p in Layer(n, 500, rng=seeded()).parameters()]
    bound = 1 / math.sqrt(n)

    assert max(map(abs, drawn)) <= bound
    assert max(drawn) > 0.99 * bound
    assert min(drawn) < -0.99 * bound
    spread = math.sqrt(math.fsum(x * x for x in drawn) / len(drawn))
    assert math.isclose(spread, bound / math.sqrt(3), rel_tol=0.02)  # 8500 draws: ± 0.005


def test_the_same_seed_makes_the_same_model():
    first, second = (MLP(2, [3, 1], rng=seeded(5)) for _ in range(2))

    assert first.state_dict() == second.state_dict()
    assert first.state_dict() != MLP(2, [3, 1], rng=seeded(6)).state_dict()


def test_without_rng_the_random_module_draws():
    random.seed(7)
    model = Neuron(3)

    assert model.state_dict() == Neuron(3, rng=seeded(7)).state_dict()


def test_a_numpy_generator_can_draw():
    numpy = pytest.importorskip("numpy", reason="numpy is missing: its generators are not tested")

    assert all(
        type(p.data) is float for p in Neuron(3, rng=numpy.random.default_rng(0)).parameters()
    )


def test_parameters_come_in_order_and_named_by_the_way_to_them():
    names = [name for name, _ in MLP(2, [1, 1]).named_parameters()]

    assert names == [
        "layers.0.neurons.0.weights.0",
        "layers.0.neurons.0.weights.1",
        "layers.0.neurons.0.bias",
        "layers.1.neurons.0.weights.0",
        "layers.1.neurons.0.bias",
    ]


@pytest.mark.parametrize("module", [Neuron(2), Layer(2, 3), MLP(2, [3, 2])], ids=repr)
def test_each_parameter_carries_its_name(module):
    assert all(value.name == name for name, value in module.named_parameters())
    assert module.parameters() == [value for _, value in module.named_parameters()]


def test_a_module_of_ones_own_finds_parameters_wherever_they_are():
    class Model(Module):
        def __init__(self):
            self.scale = Value(2.0)
            self.table = {"a": [Value(1.0)], "b": (Value(2.0), Value(3.0))}
            self.inner = Neuron(1)
            self.size = 7
            self.tied = self.scale
            self.whole = self  # leads round in a circle

    model = Model()
    model.name_parameters()
    names = ["scale", "table.a.0", "table.b.0", "table.b.1", "inner.weights.0", "inner.bias"]

    assert [name for name, _ in model.named_parameters()] == names
    assert [value.name for value in model.parameters()] == names
    assert repr(model) == "Model(6 parameters)"


def test_zero_grad_clears_parameters_and_nothing_else():
    model, x = MLP(2, [3, 1]), Value(1.0)
    model([x, 2.0])[0].backward()
    kept = x.grad
    model.zero_grad()

    assert {p.grad for p in model.parameters()} == {0.0}
    assert x.grad == kept != 0.0


def test_a_state_goes_through_json_into_another_model():
    model, other = MLP(2, [3, 1], rng=seeded(1)), MLP(2, [3, 1], rng=seeded(2))
    other.load_state_dict(json.loads(json.dumps(model.state_dict())))

    assert other([0.5, -1.0])[0].data == model([0.5, -1.0])[0].data


# fmt: off
SPOILED = [
    (lambda state: state.pop("bias"),                  "1 missing, the first is 'bias'"),
    (lambda state: state.update(a=1.0, b=2.0),         "2 unknown, the first is 'a'"),
    (lambda state: state.update(bias="x"),             "'bias' a real number is required; .* 'x'"),
    (lambda state: state.update(bias=None),            "'bias' a real number is required"),
    (lambda state: (state.clear(), state.update(a=1)), "3 missing, .*; 1 unknown"),
]
# fmt: on


@pytest.mark.parametrize(("spoil", "message"), SPOILED)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(spoil, message):
    neuron = Neuron(2)
    before = neuron.state_dict()
    state = dict.fromkeys(before, 7.0)
    spoil(state)

    with pytest.raises(DataError, match=message):
        neuron.load_state_dict(state)
    assert neuron.state_dict() == before


@pytest.mark.parametrize(
    "table", [{1: Value(1.0), "1": Value(2.0)}, {"a.0": Value(1.0), "a": [Value(2.0)]}]
)
def test_parameters_that_would_share_a_name_are_refused(table):
    module = Module()
    module.table = table

    for use in (module.state_dict, lambda: module.load_state_dict({})):
        with pytest.raises(DataError, match="two of this Module are both named 'table"):
            use()


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_copied_model_is_the_same_function_of_parameters_of_its_own(twin, activation):
    model = MLP(2, [3, 1], activation, seeded())
    copied = twin(model)

    assert copied([0.5, -1.0])[0].data == model([0.5, -1.0])[0].data
    assert not set(copied.parameters()) & set(model.parameters())
    assert copied.parameters()[-1].name == "layers.1.neurons.0.bias"


# fmt: off
WRONG = [
    (lambda: Neuron(0),             ValueError, "n_inputs must be a whole number, 1 or more; .* 0"),
    (lambda: Neuron(2.0),           ValueError, "n_inputs must be a whole number"),
    (lambda: Layer(2, 0),           ValueError, "n_outputs must be a whole number"),
    (lambda: MLP(0, [1]),           ValueError, "n_inputs must be a whole number"),
    (lambda: MLP(2, []),            ValueError, r"sizes must .* given none.*write \[1\]"),
    (lambda: MLP(2, [3, 0, 1]),     ValueError, r"sizes\[1\] must be a whole number, 1 or more"),
    (lambda: MLP(2, 3),             TypeError,  r"sizes must be a list, .* 3\. .*write \[3\]"),
    (lambda: Neuron(2, "than"),     ValueError, "one of gelu, .*'than'. Did you mean 'tanh'?"),
    (lambda: MLP(2, [1], "step"),   ValueError, "activation must be a function or one of"),
    (lambda: Neuron(2, rng=42),     TypeError,  r"rng must be .* 42\. .*random\.Random\(42\)"),
    (lambda: Neuron(2)([1.0]),      ValueError, "this Neuron takes 2 inputs; it was given 1: "),
    (lambda: Layer(2, 1)([1.0]),    ValueError, "this Layer takes 2 inputs; it was given 1: "),
    (lambda: MLP(2, [1])([1] * 3),  ValueError, "this MLP takes 2 inputs; it was given 3: "),
    (lambda: MLP(1, [1])(1.0),      TypeError,  r"a sequence of 1 input; it was given 1\.0"),
    (lambda: Neuron(1)(Value(1.0)), TypeError,  "Put a single input into a list"),
]
# fmt: on


@pytest.mark.parametrize(("make", "error", "message"), WRONG)
def test_what_cannot_be_is_refused_with_what_to_do(make, error, message):
    with pytest.raises(error, match=message):
        make()


# -- losses ----------------------------------------------------------------------------------

LOGITS = [-1000.0, -40.0, -1.0, -1e-9, 0.0, 0.3, 1.0, 40.0, 1000.0]


def ulps_apart(found, exact):
    return abs((mpmath.mpf(found) - exact) / math.ulp(float(exact)))


@pytest.mark.parametrize("target", [0, 0.25, 1.0])
@pytest.mark.parametrize("logit", LOGITS)
def test_binary_cross_entropy_is_exact_at_any_logit(logit, target):
    x, t = Value(logit), Value(target)
    loss = binary_cross_entropy_with_logits(x, t)
    with mpmath.workdps(900):
        yes, no = 1 / (1 + mpmath.exp(-x.data)), 1 / (1 + mpmath.exp(x.data))
        exact = -(target * mpmath.log(yes) + (1 - target) * mpmath.log(no))
        slope = (1 - target) * yes - target * no

        assert ulps_apart(loss.data, exact) <= ULPS
        if target in (0, 1):  # else the slope is a difference, and small where the two are close
            assert ulps_apart(slopes(loss, [x])[0], slope) <= ULPS
        assert close(slopes(loss, [x])[0], float(slope))
        assert close(slopes(loss, [t])[0], -logit)


@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("logit", LOGITS)
def test_binary_cross_entropy_is_that_of_pytorch(logit, target):
    torch = import_torch("binary_cross_entropy_with_logits is")
    theirs = torch.nn.functional.binary_cross_entropy_with_logits
    x, tensor = Value(logit), torch.tensor(logit, dtype=torch.float64, requires_grad=True)
    loss = binary_cross_entropy_with_logits(x, target)
    other = theirs(tensor, torch.tensor(target, dtype=torch.float64))
    other.backward()

    assert close(loss.data, other.item())
    assert close(*slopes(loss, [x]), tensor.grad.item())


EXTREMES = [
    [0.5],
    [0.3, -1.2, 2.0],
    [1000.0, -1000.0],
    [-1000.0, -1000.0, -1001.0],
    [1000.0, 999.0, 0.0, -1000.0],
]


@pytest.mark.parametrize("logits", EXTREMES)
def test_cross_entropy_of_a_class_is_minus_the_log_of_its_softmax(logits):
    for target in range(len(logits)):
        xs = [Value(x) for x in logits]
        loss = cross_entropy(xs, target)
        with mpmath.workdps(900):
            powers = [mpmath.exp(x) for x in logits]
            shares = [power / mpmath.fsum(powers) for power in powers]
            exact = -mpmath.log(shares[target])

            assert close(loss.data, float(exact))
            for i, slope in enumerate(slopes(loss, xs)):
                assert close(slope, float(shares[i] - (i == target)))


@pytest.mark.parametrize("logits", EXTREMES)
def test_cross_entropy_is_that_of_pytorch(logits):
    torch = import_torch("cross_entropy is")
    n = len(logits)
    weights = [(i + 1) / (n * (n + 1) / 2) for i in range(n)]
    for target in [*range(n), weights]:
        xs = [Value(x) for x in logits]
        tensor = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
        kind = torch.int64 if isinstance(target, int) else torch.float64
        loss = cross_entropy(xs, target)
        other = torch.nn.functional.cross_entropy(tensor, torch.tensor(target, dtype=kind))
        other.backward()

        assert close(loss.data, other.item())
        assert all(map(close, slopes(loss, xs), tensor.grad.tolist()))


def test_a_class_is_the_same_as_certainty():
    logits = [Value(0.5), Value(-2.0), Value(7.0)]
    index, certain = cross_entropy(logits, 1), cross_entropy(logits, [0.0, 1.0, 0.0])

    assert index.data == certain.data
    assert all(map(close, slopes(index, logits), slopes(certain, logits)))


def test_probabilities_that_are_values_get_minus_the_log_of_softmax():
    logits, p = [0.5, -2.0], [Value(0.25), Value(0.75)]
    loss = cross_entropy(logits, p)

    assert slopes(loss, p) == [cross_entropy(logits, i) for i in (0, 1)]


def test_of_two_classes_both_cross_entropies_are_the_same():
    for logit in LOGITS:
        assert close(cross_entropy([0.0, logit], 1), binary_cross_entropy_with_logits(logit, 1))


@pytest.mark.parametrize("offset", [1e16, -1e16, 1e300])
@pytest.mark.parametrize("target", [1, [0.0, 1.0], [0.5, 0.5]])
def test_cross_entropy_does_not_depend_on_an_offset_of_all_logits(offset, target):
    logits, shifted = [Value(0.0), Value(0.0)], [Value(offset), Value(offset)]
    loss, wanted = cross_entropy(shifted, target), cross_entropy(logits, target)

    assert loss.data == wanted.data == math.log(2)
    assert slopes(loss, shifted) == slopes(wanted, logits)
    bends = [slopes(slope, shifted) for slope in gradient(loss, shifted)]
    assert bends == [[0.25, -0.25], [-0.25, 0.25]]


def test_mse_loss_is_the_mean_of_squares_and_so_are_its_slopes():
    xs, ts = [Value(1.0), Value(-2.0), Value(0.5)], [Value(0.0), Value(2.0), Value(0.5)]
    loss = mse_loss(xs, ts)

    assert loss.data == (1 + 16 + 0) / 3
    assert slopes(loss, [*xs, *ts]) == [2 / 3, -8 / 3, 0.0, -2 / 3, 8 / 3, 0.0]


def test_mse_loss_is_that_of_pytorch():
    torch = import_torch("mse_loss is")
    numbers, targets = [0.3, -7.25, 1e6], [1.0, 0.125, -3.0]
    xs = [Value(x) for x in numbers]
    tensor = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    loss = mse_loss(xs, targets)
    other = torch.nn.functional.mse_loss(tensor, torch.tensor(targets, dtype=torch.float64))
    other.backward()

    assert close(loss.data / 1e12, other.item() / 1e12)
    assert all(map(close, slopes(loss, xs), tensor.grad.tolist()))


def test_mse_loss_of_two_numbers_is_their_squared_difference():
    x = Value(3.0)
    loss = mse_loss(x, 5)

    assert (loss.data, *slopes(loss, [x])) == (4.0, -4.0)


# fmt: off
HINGES = [
    ( 0.25,    1, 0.75,   -1.0),
    ( 0.25,   -1, 1.25,    1.0),
    ( 1.0,     1, 0.0,     0.0),
    (-1.0,    -1, 0.0,     0.0),
    ( 1000.0,  1, 0.0,     0.0),
    ( 1000.0, -1, 1001.0,  1.0),
]
# fmt: on


@pytest.mark.parametrize(("score", "target", "loss", "slope"), HINGES)
def test_hinge_loss_is_what_is_missing_to_a_margin_of_one(score, target, loss, slope):
    x = Value(score)
    out = hinge_loss(x, target)

    assert (out.data, *slopes(out, [x])) == (loss, slope)


LOSSES = {
    "binary": lambda x, y: binary_cross_entropy_with_logits(x * y, 0.25),
    "index": lambda x, y: cross_entropy([x, y, x * y], 2),
    "probabilities": lambda x, y: cross_entropy([x, y], [0.25, 0.75]),
    "mse": lambda x, y: mse_loss([x * y, y], [1.0, x]),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_losses_have_second_derivatives(loss):
    step = 1e-5  # the error of central differences is about step²
    x, y = Value(0.7), Value(-0.4)
    dx, _ = gradient(loss(x, y), [x, y])
    mixed = gradient(dx, [x, y])[1].data
    above, below = (gradient(loss(x, Value(-0.4 + h)), [x])[0].data for h in (step, -step))

    assert math.isclose(mixed, (above - below) / (2 * step), abs_tol=1e-8)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_losses_take_plain_numbers(loss):
    assert type(loss(0.5, -1.5)) is float
    assert close(loss(0.5, -1.5), loss(Value(0.5), Value(-1.5)).data)


def test_numpy_rows_and_indices_are_taken():
    numpy = pytest.importorskip("numpy", reason="numpy is missing: its rows are not tested")
    logits = MLP(2, [3], rng=seeded())(numpy.array([0.5, -1.0]))

    assert cross_entropy(logits, numpy.int64(2)) == cross_entropy(logits, 2)
    assert mse_loss(logits, numpy.zeros(3)) == mse_loss(logits, [0.0] * 3)
    assert hinge_loss(logits[0], numpy.float64(1.0)) == hinge_loss(logits[0], 1)


def kinds_of_numbers():
    numpy = pytest.importorskip("numpy", reason="numpy is missing: its numbers are not tested")
    return [Decimal, Fraction, numpy.uint8, numpy.float16, numpy.float32, numpy.float64, int]


@pytest.mark.parametrize("wrap", [float, Value])
def test_losses_of_plain_numbers_of_any_type_are_those_of_floats(wrap):
    for kind in kinds_of_numbers():
        x, zero, one, two = wrap(2.0) if wrap is Value else kind(2), kind(0), kind(1), kind(2)
        found = [
            mse_loss(x, kind(3)),
            mse_loss([x, one], [kind(5), two]),
            bce(x, one),
            bce(x, zero),
            hinge_loss(x, one),
            hinge_loss(zero, one),
            cross_entropy([x, one], 1),
            cross_entropy([x, one], [one, zero]),
            nanograd.softmax([x, one])[1],
        ]
        wanted = [1.0, 5.0, bce(2.0, 1.0), bce(2.0, 0.0), 0.0, 1.0]
        wanted += [cross_entropy([2.0, 1.0], 1), cross_entropy([2.0, 1.0], 0)]
        wanted += [nanograd.softmax([2.0, 1.0])[1]]

        assert [x.data if isinstance(x, Value) else x for x in found] == wanted, kind
        assert {type(x) for x in found} <= {float, Value}, kind


bce, v = binary_cross_entropy_with_logits, Value(0.5)
# fmt: off
REFUSED = [
    (lambda: bce(v, -1),                      ValueError, r"from 0 to 1.* -1\. .*\(target \+ 1\)"),
    (lambda: bce(v, Value(1.5)),              ValueError, r"it was given Value\(1\.5"),
    (lambda: bce(v, math.nan),                ValueError, "nan"),
    (lambda: bce([v], 1),                     TypeError,  r"single number.*\(logit,\) = model"),
    (lambda: cross_entropy([v, v], 2),        ValueError, "2 logits .* from 0 to 1; .* 2"),
    (lambda: cross_entropy([v, v], -1),       ValueError, "from 0 to 1; it was given -1"),
    (lambda: cross_entropy([v, v], 1.0),      TypeError,  r"a class index.*it was given 1\.0"),
    (lambda: cross_entropy([v, v], [0.5]),    ValueError, "as many probabilities .*1 and 2"),
    (lambda: cross_entropy([v, v], [1, 1]),   ValueError, "sum to 1; .*Divide them"),
    (lambda: cross_entropy([v, v], [2, -1]),  ValueError, "must be 0 or more"),
    (lambda: cross_entropy([], 0),            ValueError, "at least one value"),
    (lambda: cross_entropy(v, 0),             TypeError,  "binary_cross_entropy_with_logits"),
    (lambda: mse_loss([v], 1.0),              TypeError,  "two sequences or two single numbers"),
    (lambda: mse_loss([v], [1.0, 2.0]),       ValueError, "as many .* given 1 and 2"),
    (lambda: mse_loss([], []),                ValueError, "one or more; .* given 0 and 0"),
    (lambda: mse_loss([[v]], [1.0]),          TypeError,  "single number here"),
    (lambda: hinge_loss(v, 0),                ValueError, r"−1 or 1; .* 0\. .*2 \* target - 1"),
    (lambda: hinge_loss([v], 1),              TypeError,  "single number here"),
]
# fmt: on


@pytest.mark.parametrize(("lose", "error", "message"), REFUSED)
def test_a_loss_refuses_what_it_cannot_compare(lose, error, message):
    with pytest.raises(error, match=message):
        lose()


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(nn).failed == 0
