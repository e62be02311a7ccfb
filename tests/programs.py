"""Random programs: graphs of Values over the declared operations, kept inside their domains."""

from hypothesis import strategies as st

from nanograd import Value, functions, maximum, reductions, take, where

INPUTS = 3  # of a system

numbers = st.floats(-2.0, 2.0).map(lambda x: round(x, 3) + 0.0005)
points = st.lists(numbers, min_size=INPUTS, max_size=INPUTS)

#: Functions that are defined, and of moderate size, for every operand that is itself moderate.
TAME = [
    functions.tanh,
    functions.sin,
    functions.cos,
    functions.sigmoid,
    functions.softplus,
    functions.arctan,
    functions.erf,
    functions.gelu,
    lambda x: functions.exp(functions.tanh(x)),
    lambda x: functions.log(2.0 + functions.sin(x)),
    lambda x: functions.sqrt(1.0 + x * x),
    lambda x: -x / 3,
    lambda x: (0.5 * functions.cos(x)) ** 3,
]
OF_TWO = [
    lambda x, y: 0.5 * x + y / 2,
    lambda x, y: x - 0.25 * y,
    lambda x, y: functions.tanh(x) * y,
    lambda x, y: x / (2.0 + functions.sin(y)),
    lambda x, y: functions.hypot(x, y + 0.1),
    lambda x, y: reductions.logsumexp([x, y, 0.3]),
    lambda x, y: reductions.dot([x, 0.5], [0.3, y]),
    lambda x, y: (1.5 + functions.cos(x)) ** functions.tanh(y),
    lambda x, y: where(x > y, x, 2 * y),
    lambda x, y: 0.1 * x + take([x, 0.5, functions.sin(y)], 1.0 * (x > y) + (y > 0)),
    maximum,
]


@st.composite
def programs(draw, inputs=3, steps=12):
    """Draw a random program; it is returned as its output and its inputs."""
    leaves = [Value(draw(numbers), f"x{i}") for i in range(inputs)]
    values = list(leaves)
    for _ in range(draw(st.integers(1, steps))):
        pick = st.sampled_from(values)
        if draw(st.booleans()):
            values.append(draw(st.sampled_from(TAME))(draw(pick)))
        else:
            values.append(draw(st.sampled_from(OF_TWO))(draw(pick), draw(pick)))
    return reductions.sum(values[-3:]), leaves


@st.composite
def systems(draw, steps=10):
    """Draw a random function of a list of three numbers, which returns the same number of them."""
    plan = []
    for i in range(draw(st.integers(1, steps))):
        pick = st.integers(0, INPUTS + i - 1)
        if draw(st.booleans()):
            plan.append((draw(st.sampled_from(TAME)), [draw(pick)]))
        else:
            plan.append((draw(st.sampled_from(OF_TWO)), [draw(pick), draw(pick)]))

    def f(x):
        values = list(x)
        for step, places in plan:
            values.append(step(*[values[place] for place in places]))
        return values[-INPUTS:]

    return f
