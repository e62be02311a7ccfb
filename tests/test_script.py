"""Operations as JavaScript: in a browser they have the values and slopes that they have here."""

import json
import math
import shutil

import pytest
from samples import BUILT_IN, SAMPLES

from nanograd import OPERATIONS, Value
from nanograd.drawing.record import record_of
from nanograd.drawing.script import Page
from nanograd.drawing.trace import Trace

FOUND = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PLAIN = {"power": 1, "polygamma": 0}  # the operand that must be a plain number


@pytest.fixture(scope="module")
def javascript():
    """Return a function that runs an expression in a browser."""
    driver = pytest.importorskip(
        "playwright.sync_api", reason="playwright is missing: rules in JavaScript are not run"
    )
    if not FOUND:
        pytest.skip("chromium is missing: rules in JavaScript are not run")
    with driver.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=FOUND, args=["--no-sandbox"])
        yield browser.new_page().evaluate
        browser.close()


def computed(javascript, value):
    """Return the value and the slopes that a page computes for an operation on its operands."""
    record = record_of(Trace.of(value))
    rule = record["rules"][record["nodes"][-1]["rule"]]
    numbers = [float(x.data if isinstance(x, Value) else x) for x in value.operands]
    names = ", ".join(f"v{i} = {number!r}" for i, number in enumerate(numbers))
    partials = ", ".join(text or "null" for text in rule["partials"])
    program = f"{record['helpers']}; const {names}; const out = {rule['value']}; [out, {partials}]"
    return javascript(f"(() => {{ {program.replace('[out,', 'return [out,')} }})()")


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_operation_computes_in_the_page_as_it_does_here(javascript, name):
    for sample in SAMPLES[name]:
        operands = [x if PLAIN.get(name) == i else Value(x) for i, x in enumerate(sample)]
        value = OPERATIONS[name](*operands)
        out, *slopes = computed(javascript, value)

        assert out == pytest.approx(value.data, rel=1e-11, abs=1e-13)
        for slope, expected in zip(slopes, value.partials, strict=True):
            if expected is not None:
                assert slope == pytest.approx(expected, rel=1e-11, abs=1e-13)


def test_branches_become_choices(javascript, declared):
    @declared("</script>", name="<b>", partials=lambda x, out: (out - out + 2 * x,))
    def bent(x):
        if x > 2:
            return math.exp(-x)
        return min(x, 1.0) if x > 0 else math.fabs(x) ** 0.5

    for x in (-4.0, 0.5, 1.5, 3.0):
        out, slope = computed(javascript, bent(Value(x)))

        assert (out, slope) == pytest.approx((bent.evaluate(x), 2 * x))


def test_an_operation_without_end_has_no_rule(declared):
    @declared("loop", partials=lambda x, out: (1.0,))
    def halved(x):
        while x > 1.0:
            x = x / 2
        return x

    @declared("table", partials=lambda x, out: (1.0,))
    def looked_up(x):
        return {1.0: 2.0}[x]

    page = Page()

    assert page.rule(halved, [None]) is None
    assert page.rule(looked_up, [None]) is None


def test_names_of_users_never_come_into_a_script(declared):
    @declared("</script>", name="alert(1)", partials=lambda x, out: (out,))
    def innocent(x):
        return math.exp(x)

    x = Value(1.0, "alert(2)")
    record = record_of(Trace.of(innocent(x)))

    assert "alert" not in json.dumps([record["rules"], record["helpers"]])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: [x := 0.5 * (x + 2.0 / x) for _ in range(40)][-1],
        lambda x: (_ for _ in ()).throw(AssertionError("no")),
        lambda x: {}[x],
    ],
)
def test_what_cannot_be_written_has_no_rule_and_hangs_nobody(declared, function):
    op = declared("f", partials=lambda x, out: (1.0,))(function)

    assert Page().rule(op, [None]) is None


def test_a_function_that_catches_errors_has_no_rule(declared):
    @declared("f", partials=lambda x, out: (1.0,))
    def guarded(x):
        try:
            return math.log(x)
        except ValueError:
            return -1.0

    assert Page().rule(guarded, [None]) is None


def test_operations_on_many_operands_are_not_written_for_the_page():
    record = record_of(Trace.of(OPERATIONS["sum"](*[Value(1.0)] * 500)))

    assert record["rules"] == [None]
