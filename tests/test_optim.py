"""Optimizers: PyTorch's numbers, step by step; steps that happen whole or not at all."""

import doctest
import json
import math

import pytest

from nanograd import DataError, DomainError, Value, no_grad, optim
from nanograd.optim import SGD, Adam

STEPS = 25

#: Both sides do the same few operations per step, but PyTorch may join a product and a sum. What
#: was seen is 5e-16; what one wrong setting does is above 1e-3.
TOLERANCE = 1e-13

#: Where x and y are after STEPS steps on `valley` from START: numbers of PyTorch 2.13.0, float64.
START = (-0.5, 1.0)
# fmt: off
ENDS = [
    (SGD, {"lr": 0.02},
     (0.007054610520611741, 0.05717256020692702)),
    (SGD, {"lr": 0.02, "momentum": 0.9},
     (0.9096403982612448, 0.838356942306765)),
    (SGD, {"lr": 0.02, "momentum": 0.9, "dampening": 0.5},
     (0.972016164981621, 0.6732838710827168)),
    (SGD, {"lr": 0.02, "momentum": 0.8, "nesterov": True},
     (0.8526005666159187, 0.7134842287363651)),
    (SGD, {"lr": 0.02, "weight_decay": 0.3},
     (0.0828552336789662, 0.03631768674662044)),
    (SGD, {"lr": 0.02, "momentum": 0.5, "dampening": 0.25, "weight_decay": 0.3, "maximize": True},
     (0.3955210478482344, 0.08768462154196645)),
    (Adam, {"lr": 0.1},
     (0.390047342807302, -0.12343112371358234)),
    (Adam, {"lr": 0.1, "betas": (0.5, 0.8), "eps": 1e-3},
     (0.6942941269627978, 0.45525189706428126)),
    (Adam, {"lr": 0.3, "betas": (0.8, 0.7)},
     (0.8442127615292307, 0.8450340503517364)),
    (Adam, {"lr": 0.3, "betas": (0.8, 0.7), "amsgrad": True},
     (0.7418130336201114, 0.5631594572346402)),
    (Adam, {"lr": 0.1, "weight_decay": 0.3},
     (0.43955604317533964, -0.10266757583304305)),
    (Adam, {"lr": 0.3, "betas": (0.8, 0.7), "weight_decay": 0.3, "amsgrad": True, "maximize": True},
     (0.6828295799990445, 0.4888261008048885)),
]
# fmt: on

every_case = pytest.mark.parametrize(
    ("kind", "settings", "end"),
    ENDS,
    ids=[f"{kind.__name__} {' '.join(settings)}" for kind, settings, _ in ENDS],
)
both = pytest.mark.parametrize("kind", [SGD, Adam])


def valley(x, y):
    """A bent valley (Rosenbrock's); its floor is at (1, 1)."""
    return (1 - x) ** 2 + 5 * (y - x * x) ** 2


def path(x, y, optimizer, maximize):
    """Yield (x, y) after each step downhill, or uphill on the mountain upside down."""
    for _ in range(STEPS):
        optimizer.zero_grad()
        height = valley(x, y)
        (-height if maximize else height).backward()
        optimizer.step()
        yield x, y


def our_path(kind, settings):
    x, y = Value(START[0], "x"), Value(START[1], "y")
    steps = path(x, y, kind([x, y], **settings), settings.get("maximize"))
    return [(x.data, y.data) for x, y in steps]


def apart(points, others):
    """Return the largest difference between the coordinates of two paths."""
    pairs = zip(points, others, strict=True)
    return max(math.dist(point, other) for point, other in pairs)


# -- PyTorch's numbers -----------------------------------------------------------------------


@every_case
def test_after_many_steps_the_numbers_are_those_that_pytorch_gave(kind, settings, end):
    assert apart(our_path(kind, settings)[-1:], [end]) < TOLERANCE


@every_case
def test_every_step_is_that_of_pytorch(kind, settings, end):
    torch = pytest.importorskip(
        "torch", reason="torch is missing: single steps of SGD and Adam are not compared with it"
    )
    x, y = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START)
    optimizer = getattr(torch.optim, kind.__name__)([x, y], **settings)
    steps = path(x, y, optimizer, settings.get("maximize"))
    theirs = [(x.item(), y.item()) for x, y in steps]

    assert len(theirs) >= 20
    assert apart(theirs[-1:], [end]) < TOLERANCE
    assert apart(our_path(kind, settings), theirs) < TOLERANCE


def test_each_case_ends_somewhere_else():
    ends = [end for _, _, end in ENDS]
    distances = [math.dist(a, b) for i, a in enumerate(ends) for b in ends[:i]]

    assert min(distances) > 1e-3


def test_the_defaults_are_those_of_pytorch():
    torch = pytest.importorskip(
        "torch", reason="torch is missing: defaults of SGD and Adam are not compared with it"
    )
    for kind in (SGD, Adam):
        ours = kind([Value(1.0)]).settings()
        theirs = getattr(torch.optim, kind.__name__)([torch.zeros(1)]).defaults

        assert ours == {name: theirs[name] for name in ours}


def test_momentum_switched_off_keeps_the_velocity_and_on_again_uses_it():
    w = Value(0.0)
    optimizer = SGD([w], lr=1.0, momentum=0.5)
    for momentum, grad in [(0.5, 1.0), (0.0, 0.0), (0.5, 0.0)]:
        optimizer.momentum, w.grad = momentum, grad
        optimizer.step()

    assert w.data == -1.0 - 0.0 - 0.5


# -- steps -----------------------------------------------------------------------------------


def test_the_first_step_of_adam_is_lr_whatever_the_grad():
    for grad in (1e-3, 1.0, 1e6):
        w = Value(1.0)
        w.grad = grad
        Adam([w], lr=0.25, eps=0.0).step()

        assert math.isclose(w.data, 0.75, rel_tol=1e-15)


def test_settings_may_be_changed_between_steps():
    w = Value(1.0)
    w.grad = 1.0
    optimizer = SGD([w], lr=0.5)
    optimizer.step()
    optimizer.lr = 0.125
    optimizer.step()

    assert w.data == 0.375


def test_a_setting_that_was_spoiled_is_found_at_the_next_step():
    w = Value(1.0)
    optimizer = SGD([w])
    optimizer.lr = math.nan

    with pytest.raises(ValueError, match="lr must be a finite number, 0 or more; it is nan"):
        optimizer.step()
    assert w.data == 1.0


@both
def test_a_parameter_without_grad_does_not_move(kind):
    w = Value(1.0)
    kind([w], lr=0.1).step()

    assert w.data == 1.0


@both
def test_zero_grad_clears_the_grad_of_every_parameter(kind):
    x, y = Value(2.0), Value(3.0)
    (x * y).backward()
    kind(iter([x, y])).zero_grad()

    assert (x.grad, y.grad) == (0.0, 0.0)


@both
def test_a_step_works_where_nothing_is_recorded(kind):
    w = Value(1.0)
    w.grad = 1.0
    with no_grad():
        kind([w], lr=0.1).step()

    assert w.data < 1.0
    assert w.parents == ()


@both
@pytest.mark.parametrize("grad", [math.inf, -math.inf, math.nan])
def test_a_step_to_inf_or_nan_names_the_parameter_and_changes_nothing(kind, grad):
    good, bad = Value(1.0, "good"), Value(2.0, "bad")
    optimizer = kind([good, bad], **({"momentum": 0.9} if kind is SGD else {}))
    good.grad, bad.grad = 1.0, 1.0
    optimizer.step()
    before = (good.data, bad.data, optimizer.state_dict())
    bad.grad = grad

    with pytest.raises(DomainError, match=rf"parameters\[1\].*'bad'.*with the grad {grad}"):
        optimizer.step()
    assert (good.data, bad.data, optimizer.state_dict()) == before


def test_an_update_that_overflows_is_refused():
    w = Value(-1e308, "w")
    w.grad = 1e308

    with pytest.raises(DomainError, match="'w'"):
        SGD([w], lr=10.0).step()
    assert w.data == -1e308


def test_a_square_that_overflows_is_refused_and_not_remembered():
    w = Value(1.0, "w")
    w.grad = 1e200
    optimizer = Adam([w])

    with pytest.raises(DomainError, match=r"be remembered as .*inf"):
        optimizer.step()
    w.grad = 1.0
    optimizer.step()
    assert w.data < 1.0


def test_adam_without_eps_refuses_the_grad_zero():
    w = Value(1.0, "w")

    with pytest.raises(DomainError, match="would become nan"):
        Adam([w], eps=0.0).step()
    assert w.data == 1.0


def test_a_grad_that_is_no_number_is_refused():
    w = Value(1.0)
    w.grad = None

    with pytest.raises(TypeError, match="real number"):
        SGD([w]).step()


# -- states ----------------------------------------------------------------------------------


def trained(kind, settings, steps):
    """Return parameters and optimizer after some steps."""
    x, y = Value(START[0]), Value(START[1])
    optimizer = kind([x, y], **settings)
    for _ in zip(range(steps), path(x, y, optimizer, settings.get("maximize")), strict=False):
        pass
    return x, y, optimizer


@every_case
def test_a_loaded_state_goes_on_as_if_nothing_had_happened(kind, settings, end):  # noqa: ARG001
    x, y, optimizer = trained(kind, settings, 7)
    x2, y2 = Value(x.data), Value(y.data)
    other = kind([x2, y2], lr=9.0)
    other.load_state_dict(json.loads(json.dumps(optimizer.state_dict())))
    for a, b, walker in [(x, y, optimizer), (x2, y2, other)]:
        for _ in path(a, b, walker, settings.get("maximize")):
            pass

    assert (x2.data, y2.data) == (x.data, y.data)
    assert other.state_dict() == optimizer.state_dict()


@both
def test_a_state_is_a_copy(kind):
    _, _, optimizer = trained(kind, {}, 3)
    before = optimizer.state_dict()
    spoiled = optimizer.state_dict()
    spoiled["memories"][0][:] = [7.0]
    spoiled["settings"]["lr"] = 7.0

    assert optimizer.state_dict() == before


# fmt: off
SPOILED = [
    ({"steps": -1},                             "steps must be a whole number"),
    ({"steps": 1.5},                            "steps must be a whole number"),
    ({"memories": [[0.0, 0.0, 0.0]]},           "be one of 2 parameters; it was given one of 1"),
    ({"memories": [[0.0, 0.0], [0.0]]},         "a memory must be 3 finite numbers"),
    ({"memories": [[0.0, 0.0, math.nan], []]},  "a memory must be 3 finite numbers"),
    ({"memories": [["a", "b", "c"], []]},       "a real number is required"),
    ({"memories": None},                        "what its own state_dict"),
    ({"settings": {"lr": -1.0}},                "lr must be a finite number"),
    ({"settings": {"momentum": 0.9}},           "momentum"),
    ({"settings": None},                        "what its own state_dict"),
]
# fmt: on


@pytest.mark.parametrize(("change", "message"), SPOILED)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(change, message):
    _, _, optimizer = trained(Adam, {}, 3)
    before = optimizer.state_dict()

    with pytest.raises(DataError, match=message):
        optimizer.load_state_dict(optimizer.state_dict() | change)
    assert optimizer.state_dict() == before


def test_a_state_of_another_kind_is_refused():
    with pytest.raises(DataError, match=r"SGD\.load_state_dict .*betas"):
        SGD([Value(1.0)]).load_state_dict(Adam([Value(1.0)]).state_dict())


def test_a_state_without_an_entry_is_refused():
    with pytest.raises(DataError, match="settings"):
        SGD([Value(1.0)]).load_state_dict({})


# -- what can be given -----------------------------------------------------------------------

x, y = Value(1.0, "x"), Value(2.0, "y")
# fmt: off
WRONG_PARAMETERS = [
    ([],            ValueError, "needs one parameter or more; it was given none"),
    (x,             TypeError,  r"such as model\.parameters\(\); it was given Value\(1\.0"),
    ({x, y},        TypeError,  "in an order that stays"),
    ([1.0],         TypeError,  r"parameters\[0\] must be a Value; it was given 1\.0"),
    ([x, ("y", y)], TypeError,  r"parameters\[1\] must be a Value"),
    ([x, x * y],    ValueError, r"parameters\[1\] must be a leaf; .* computed by x \* y"),
    ([x, y, x],     ValueError, r"must come once; parameters\[2\], 1\.0 \(the value named 'x'\)"),
]
WRONG_SETTINGS = [
    (SGD,  {"lr": -0.1},                       "lr must be a finite number, 0 or more; it is -0.1"),
    (SGD,  {"lr": math.inf},                   "lr must be a finite number"),
    (SGD,  {"lr": "fast"},                     "lr must be a finite number"),
    (SGD,  {"momentum": -0.1},                 "momentum"),
    (SGD,  {"dampening": math.inf},            "dampening must be a finite number; it is inf"),
    (SGD,  {"weight_decay": -1.0},             "weight_decay"),
    (SGD,  {"nesterov": True},                 "nesterov needs a momentum above 0"),
    (SGD,  {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "no dampening"),
    (Adam, {"lr": math.nan},                   "lr"),
    (Adam, {"betas": (1.0, 0.9)},              "betas must be two numbers"),
    (Adam, {"betas": (0.9, -0.1)},             "betas must be two numbers"),
    (Adam, {"betas": 0.9},                     "betas must be two numbers"),
    (Adam, {"betas": (0.9,)},                  "betas must be two numbers"),
    (Adam, {"betas": ("a", "b")},              "betas must be two numbers"),
    (Adam, {"eps": -1e-8},                     "eps"),
    (Adam, {"weight_decay": -1.0},             "weight_decay"),
]
# fmt: on


@both
@pytest.mark.parametrize(("params", "error", "message"), WRONG_PARAMETERS)
def test_parameters_that_cannot_be_moved_are_refused(kind, params, error, message):
    with pytest.raises(error, match=message):
        kind(params)


@pytest.mark.parametrize(("kind", "settings", "message"), WRONG_SETTINGS)
def test_settings_that_cannot_be_are_refused_by_name(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        kind([Value(1.0)], **settings)


@both
def test_maximize_must_be_named(kind):
    with pytest.raises(TypeError):
        kind([Value(1.0)], 0.1, *[0.0] * 4, True)


def test_an_optimizer_says_its_settings():
    assert repr(SGD([Value(1.0)], lr=0.1)).startswith("SGD(lr=0.1, momentum=0.0,")


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(optim).failed == 0


def test_settings_of_numpy_leave_parameters_and_state_as_plain_floats():
    numpy = pytest.importorskip("numpy", reason="numpy is missing: its settings are not tested")
    number = numpy.float32(0.5)
    settings = {"lr": number, "weight_decay": number}
    for optimizer in (
        SGD([Value(1.0)], momentum=number, dampening=number, **settings),
        Adam([Value(1.0)], betas=(number, number), eps=number, **settings),
    ):
        (w,) = optimizer.parameters
        for _ in range(2):
            optimizer.lr = numpy.float32(0.25)  # as a schedule does, between steps
            w.grad = 1.0
            optimizer.step()

        assert type(w.data) is float
        assert {type(x) for x in optimizer.memories[0]} == {float}
        assert json.loads(json.dumps(optimizer.state_dict()))["settings"]["lr"] == 0.25


def test_a_setting_is_a_float_from_the_beginning():
    optimizer = Adam([Value(1.0)], lr=1, betas=[0, 0.5])

    assert [type(x) for x in (optimizer.lr, *optimizer.betas)] == [float] * 3
