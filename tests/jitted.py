"""What is compiled against the same code run eagerly, for all tests of `jit`."""

from array import array
from itertools import count

from nanograd import Value, jit
from nanograd.calculus.structure import is_array, opened
from nanograd.nanograd import Scalar

BACKENDS = ["llvm", "numpy", "python"]


def plain(x):
    """Return numbers nested in lists: arrays as lists, scalars as their numbers, all in order."""
    if isinstance(x, Scalar):
        return x.data
    if is_array(x) or isinstance(x, array | memoryview):
        return plain(x.tolist())
    container = opened(x)
    return x if container is None else [plain(part) for part in container.parts]


def flat(x):
    """Return the numbers and texts in nested lists."""
    return [y for part in x for y in flat(part)] if isinstance(x, list) else [x]


def sizes(x):
    """Return how lists are nested."""
    return [sizes(part) for part in x] if isinstance(x, list) else 0


def assert_same(found, wanted, tolerance=1e-12):
    """Check that two results hold the same numbers, nested alike but for lists and arrays."""
    found, wanted = plain(found), plain(wanted)
    pairs = zip(flat(found), flat(wanted), strict=False)

    assert sizes(found) == sizes(wanted), f"{found}\n{wanted}"
    for x, y in pairs:
        is_same = x == y or (x != x and y != y)
        assert is_same or abs(x - y) <= tolerance * max(abs(x), abs(y)), f"{found}\n{wanted}"


def assert_as_eager(f, *args, backends=(None,), tolerance=1e-12, **named):
    """Check that f gives the same compiled, and the same again when it is called again."""
    wanted = f(*args, **named)
    for backend in backends:
        compiled = jit(f, backend=backend)
        for _ in range(2):
            assert_same(compiled(*args, **named), wanted, tolerance)


class Counted:
    """A function that knows how often it was run, which is how often it was traced."""

    def __init__(self, f):
        self.f = f
        self.__name__ = "counted"
        self.counter = count()

    def __call__(self, *args, **named):
        next(self.counter)
        return self.f(*args, **named)

    @property
    def times(self):
        return int(repr(self.counter)[6:-1])


def grads_of(f, *values):
    """Return the data of f of new Values, and their grads."""
    values = [Value(x) for x in values]
    out = f(*values)
    out.backward()
    return out.data, [x.grad for x in values]
