"""The step-through page in a real browser: what a learner clicks, types, drags, sees and hears."""

import math
import random
import re
import shutil
from dataclasses import replace

import pytest

from nanograd import Value, debug, explain, maximum, mean, operation, where
from nanograd.drawing import lettering
from nanograd.drawing.chart import Arrow, Chart, ChartBox, Entry
from nanograd.drawing.page import page_of
from nanograd.drawing.svg import svg_of
from nanograd.drawing.symbols import figure
from nanograd.drawing.trace import Focus, Trace

driver = pytest.importorskip(
    "playwright.sync_api", reason="playwright is missing: the page is not tested in a browser"
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FOUND = next(filter(None, map(shutil.which, BROWSERS)), None)
pytestmark = pytest.mark.skipif(
    not FOUND, reason="chromium is missing: the page is not tested in a browser"
)

SHOWN = 1e-5  # numbers are shown with six digits
PHONE = {"viewport": {"width": 360, "height": 740}}
WICKED = "<script>document.title = 'broken'</script>\n\"'`&amp; 🎉"


# -- graphs ----------------------------------------------------------------------------------


def square(x=2.0, y=3.0):
    with debug():
        x, y = Value(x, "x"), Value(y, "y")
        z = (x * y + 3) ** 2
    z.name = "z"
    return z


def and_loss(w1=0.5, w2=-0.25, b=0.1):
    w1, w2, b = Value(w1, "w1"), Value(w2, "w2"), Value(b, "b")
    total = Value(0.0)
    for x1, x2, truth in [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 1)]:
        p = (Value(x1) * w1 + Value(x2) * w2 + b).sigmoid()
        y = Value(truth)
        total += -(y * p.ln() + (1 - y) * (1 - p).ln())
    loss = total / 4
    loss.name = "loss"
    return loss


def shared(a=1.0):
    a = Value(a, "a")
    b = a + a
    c = b + b
    b.name, c.name = "b", "c"
    return c


def medley(x, y):
    """A function with a kink or a choice in every other line."""
    x, y = Value(x, "x"), Value(y, "y")
    parts = [x.tanh() * y, x.relu(), maximum(x, y), where(1, x * x, 3 * y), x.elu(), x.gelu()]
    parts += [(x * x + 1).log(), y.softplus(), x.erf(), (y * y).sqrt(), abs(x), x.clip(-1, 1)]
    parts += [x.leaky_relu(), (2 + y.sin()) ** x, x / (3 + y.cos()), -x.exp(), y.sigmoid()]
    return sum(parts[1:], parts[0])


# -- the page --------------------------------------------------------------------------------


class Stepper:
    """A page, as a learner has it before the eyes."""

    def __init__(self, page):
        self.page = page

    def click(self, *names):
        for name in names:
            self.page.get_by_role("button", name=name, exact=True).click()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def text(self, selector):
        return " ".join(self.page.locator(selector).inner_text().split())

    @property
    def heard(self):
        return self.page.locator("#live").text_content()

    @property
    def equation(self):
        """The line of the step, without the captions."""
        figures = self.page.locator("#equation .figure").all_text_contents()
        return " ".join(figures).replace(" :", ":")

    def card(self, number):
        card = self.page.locator(f"#node-{number}")
        return card.locator(".value").text_content(), card.locator(".grad").text_content()

    def values(self):
        """The name of each value, its number and its gradient."""
        rows = self.page.locator("#values tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        )
        return {row[0]: (row[2], row[3]) for row in rows}

    def lines(self):
        return self.page.locator("#steps li").all_text_contents()

    def answer(self, text):
        self.page.get_by_role("textbox", name=re.compile("What is")).fill(text)
        self.press("Enter")
        return self.text("#verdict")

    def drag(self, name, number):
        self.page.get_by_role("slider", name=name, exact=True).fill(str(number))

    def enter(self, name, text):
        field = self.page.get_by_role("textbox", name=name, exact=True)
        field.fill(text)
        field.press("Tab")

    def told(self, name):
        """What stands below a knob."""
        knob = self.page.locator(".knob").filter(
            has=self.page.get_by_role("slider", name=name, exact=True)
        )
        return knob.locator(".told").inner_text()


@pytest.fixture(scope="module")
def browser():
    with driver.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=FOUND, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Open the page of a value, or of a chart, from a file.

    A script's error, or a request, fails the test.
    """
    contexts = []
    trouble = []

    def open_(output, options=None, **settings):
        file = tmp_path / f"page {len(contexts)}.html"
        if isinstance(output, Chart):
            text = output.html
        else:
            trace = output if isinstance(output, Trace) else Trace.of(output)
            text = page_of(trace, **(options or {}))
        file.write_text(text, encoding="utf-8")
        context = browser.new_context(**{"reduced_motion": "reduce", **settings})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda message: trouble.append(message.text))
        page.on("request", lambda request: trouble.append(request.url))
        page.goto(file.as_uri())
        trouble.remove(file.as_uri())  # the one request there may be
        return Stepper(page)

    yield open_
    for context in contexts:
        context.close()
    assert trouble == []


# -- stepping --------------------------------------------------------------------------------


def test_the_steps_lead_to_the_numbers_of_the_introduction(opened):
    stepper = opened(square())
    stepper.click("Next step", "Next step", "Next step", "Next step")
    assert stepper.equation == "z = b² = 9² = 81"
    assert stepper.card(4) == ("81", "")

    stepper.click("Last step", "Previous step")
    assert stepper.equation == "x: 0 + 18 × 3 = 54"
    assert stepper.text("#rule") == "∂(x·y)/∂x = y = 3"
    stepper.click("Next step")
    assert stepper.equation == "y: 0 + 18 × 2 = 36"

    cards = [stepper.card(i) for i in range(5)]
    assert cards == [("2", "54"), ("3", "36"), ("6", "18"), ("9", "18"), ("81", "1")]


def without_signs(line):
    """Python writes --3 and -0, the page -(-3) and 0."""
    line = re.sub(r"\(?-0\)?(?![.\d])", "0", line)
    return re.sub(r"= -\((-[^)]*)\)", r"= -\1", line)


def test_every_step_says_what_python_says(opened):
    output = and_loss()
    trace = Trace.of(output)
    told = [str(step) for step in trace.forward]
    told += [f"{step}   {step.rule}" for step in trace.backward]

    stepper = opened(output)

    assert list(map(without_signs, stepper.lines())) == list(map(without_signs, told))


def test_going_back_is_exact(opened):
    stepper = opened(square())
    everything = """[...document.querySelectorAll('#picture, #step, #values, #live')].map(
        (part) => part.innerHTML.replace(/ class="([^"]*)"/g, (_, names) => names.split(' ').sort())
    )"""
    seen = [stepper.page.evaluate(everything)]
    for _ in range(9):
        stepper.press("ArrowRight")
        seen.append(stepper.page.evaluate(everything))

    for before in reversed(seen):
        assert stepper.page.evaluate(everything) == before
        stepper.press("ArrowLeft")


def test_nothing_is_shown_before_its_step(opened):
    stepper = opened(square())
    assert [stepper.card(i) for i in range(5)] == [("2", ""), *[("", "")] * 4]
    assert stepper.values()["z"] == ("–", "–")

    stepper.page.get_by_role("slider", name="Step", exact=True).fill("5")
    assert stepper.card(4) == ("81", "1")
    assert stepper.card(3) == ("9", "")


def test_shares_of_a_value_used_twice_arrive_one_by_one(opened):
    stepper = opened(shared(3.0))
    stepper.press("End", "ArrowLeft")
    assert stepper.equation == "a: 0 + 2 × 1 = 2"
    assert "share 1 of 2" in stepper.text("#sentence")
    assert stepper.card(0) == ("3", "2")
    stepper.press("ArrowRight")

    assert stepper.equation == "a: 2 + 2 × 1 = 4"
    assert stepper.card(0) == ("3", "4")


def test_a_step_lights_its_card_its_edges_and_its_line(opened):
    stepper = opened(square())
    stepper.press("ArrowRight", "ArrowRight")
    edges = "edges => edges.map(edge => [edge.dataset.from, edge.dataset.to])"
    now = stepper.page.locator("#picture .edge.now")
    assert stepper.page.locator("#picture g.now[data-node]").get_attribute("id") == "node-2"
    assert sorted(now.evaluate_all(edges)) == [["0", "2"], ["1", "2"]]
    assert stepper.text(".line[aria-current]") == "z = (x * y + 3) ** 2"

    stepper.press("End")
    assert stepper.page.locator("#picture g.now[data-node]").get_attribute("id") == "node-1"
    assert now.evaluate_all(edges) == [["1", "2"]]
    stepper.press("Home")
    assert stepper.text(".line[aria-current]") == 'x, y = Value(x, "x"), Value(y, "y")'


def test_the_keyboard_is_enough(opened):
    stepper = opened(square())
    stepper.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert "Step 2 of 10, forward. y = 3." in stepper.heard
    stepper.press("End")
    assert "Step 10 of 10, backward. y: 0 + 18 × 2 = 36. ∂(x·y)/∂y = x = 2." in stepper.heard
    stepper.press("Home")
    assert "Step 1 of 10" in stepper.heard

    focused = "document.activeElement.id || document.activeElement.ariaLabel"
    visited = []
    for _ in range(30):
        stepper.press("Tab")
        visited.append(stepper.page.evaluate(focused))
    wanted = ["picture", "lines", "h", "x", "y", "slider", "previous", "play", "next", "predict"]
    assert [name for name in wanted if name not in visited] == []
    stepper.page.locator("#next").focus()
    stepper.press("Space", "Enter")
    assert "Step 3 of 10" in stepper.heard


def test_keys_are_left_to_a_field_that_needs_them(opened):
    stepper = opened(square())
    for field in ["#h", "#speed", "#lines", "#picture"]:
        stepper.page.locator(field).focus()
        stepper.press("End", "ArrowRight")

        assert "Step 1 of 10" in stepper.heard


def test_play_goes_to_the_end_and_stops(opened):
    stepper = opened(square())
    stepper.page.clock.install()
    stepper.press("Space")
    assert "Step 2 of 10" in stepper.heard
    stepper.page.clock.run_for(2 * 1600 + 100)
    assert "Step 4 of 10" in stepper.heard
    stepper.click("Pause")
    stepper.page.clock.run_for(10_000)
    assert "Step 4 of 10" in stepper.heard

    stepper.page.get_by_label("Speed").select_option("4×")
    stepper.click("Play")
    stepper.page.clock.run_for(10_000)
    assert "Step 10 of 10" in stepper.heard
    assert stepper.page.get_by_role("button", name="Play", exact=True).is_visible()


def test_it_opens_on_a_step_with_a_message(opened):
    stepper = opened(replace(Trace.of(square()), focus=Focus(4, "Here it is.")))

    assert "Step 5 of 10" in stepper.heard
    assert stepper.text("#notice") == "Here it is."


# -- predicting ------------------------------------------------------------------------------


def test_a_right_prediction_is_counted_and_explained(opened):
    stepper = opened(square(), {"step": 8})
    stepper.click("Predict first")
    assert stepper.equation == "x: 0 + 18 × 3 = ?"
    assert stepper.card(0) == ("2", "?")
    assert "54" not in stepper.heard
    assert not any("54" in line for line in stepper.lines())
    verdict = stepper.answer("54")

    assert verdict == "Right: 18 × 3 = 54 flows in, and 0 + 54 = 54."
    assert "1 of 1 right" in stepper.text("#where")
    assert stepper.equation == "x: 0 + 18 × 3 = 54"


def test_a_wrong_prediction_is_told_why(opened):
    stepper = opened(shared(3.0), {"step": 7})
    stepper.click("Predict first")
    assert "Please answer with a number" in stepper.answer("about two")
    verdict = stepper.answer("2")

    assert verdict.startswith("Not 2. That is the share alone: it is added to the 2")
    assert verdict.endswith("2 × 1 = 2 flows in, and 2 + 2 = 4.")
    assert "0 of 1 right" in stepper.text("#where")


def test_predicting_needs_nothing_but_the_keyboard(opened):
    stepper = opened(square())
    stepper.page.get_by_role("button", name="Predict first").focus()
    stepper.press("Enter", "ArrowRight", "ArrowRight")
    for number in ["6", "9", "81", "1", "18", "18", "-54", "36"]:
        stepper.page.locator("#answer").focus()
        stepper.page.keyboard.type(number)
        stepper.press("Enter", "Enter")

    assert "7 of 8 right" in stepper.text("#where")


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        *[(text, True) for text in ("1/3", "0.333", "0,333", " +.33333 ", "3.3333e-1")],
        *[(text, False) for text in ("0.3", "0.34", "1", "3", "−1/3")],
    ],
)
def test_numbers_may_be_typed_in_many_ways(opened, typed, right):
    x = Value(1.0, "x")
    stepper = opened(x / 3, {"step": 1})
    stepper.click("Predict first")

    assert stepper.answer(typed).startswith("Right" if right else "Not")


def test_a_comma_may_stand_between_thousands(opened):
    stepper = opened(Value(1000.0, "x") * 1.5, {"step": 1})
    stepper.click("Predict first")

    assert stepper.answer("1,500").startswith("Right")


# -- dragging --------------------------------------------------------------------------------


def differences(stepper, output):
    """What the page shows of each value and gradient, where it is not what Python has (– is 0)."""
    shown = stepper.values()
    trace = Trace.of(output)
    found = {}
    for node in trace.nodes:
        number, grad = (float(text.replace("–", "0")) for text in shown[node.name])
        same = math.isclose(number, node.data, rel_tol=SHOWN, abs_tol=SHOWN)
        if not (same and math.isclose(grad, node.grad, rel_tol=SHOWN, abs_tol=SHOWN)):
            found[node.name] = shown[node.name], (node.data, node.grad)
    return found


def test_a_dragged_input_changes_everything(opened):
    stepper = opened(square(), {"step": 9})
    stepper.drag("x", 2.5)

    assert stepper.text("#summary").startswith("5 steps forward to z = 110.25")
    assert stepper.equation == "y: 0 + 21 × 2.5 = 52.5"
    assert stepper.text("#rule") == "∂(x·y)/∂y = x = 2.5"
    assert stepper.card(0) == ("2.5", "63")
    assert differences(stepper, square(2.5)) == {}
    trace = Trace.of(square(2.5))
    told = [str(step) for step in trace.forward]
    told += [f"{step}   {step.rule}" for step in trace.backward]
    assert stepper.lines() == told
    assert stepper.text("#twice").endswith("y 52.5 105 52.5")

    stepper.click("Reset the inputs")
    assert stepper.equation == "y: 0 + 18 × 2 = 36"
    assert differences(stepper, square()) == {}


def test_the_page_computes_what_python_computes(opened):
    stepper = opened(medley(0.5, -0.75))
    stepper.press("End")
    for x, y in [(-0.8, 0.3), (1.7, 1.2), (0.4, 2.0), (-2.2, -1.1)]:
        stepper.enter("x", str(x))
        stepper.enter("y", str(y).replace(".", ","))

        assert differences(stepper, medley(x, y)) == {}


def test_words_that_hold_on_one_side_of_a_kink_are_not_told_on_the_other(opened):
    stepper = opened(Value(-1.0, "x").elu(), {"step": 3})
    before = stepper.text("#rule")
    stepper.enter("x", "2")

    assert before.startswith("∂elu(x, 1)/∂x = ")
    assert before.count(" = ") == 2
    assert stepper.text("#rule") == "∂elu(x, 1)/∂x = 1"


def test_edges_are_as_wide_as_python_draws_them(opened):
    widths = (
        "edges => edges.map(edge => [edge.dataset.from, edge.dataset.to, edge.dataset.operand,"
        " Number(parseFloat(edge.style.strokeWidth).toFixed(1))])"
    )
    stepper = opened(and_loss(), {"step": 10**6})
    stepper.drag("w1", 1.5)
    dragged = stepper.page.locator(".edge").evaluate_all(widths)

    drawn = re.findall(
        r'class="edge.*?from="(\d+)".*?to="(\d+)".*?operand="(\d+)" stroke-width="(.*?)"',
        svg_of(Trace.of(and_loss(1.5))),
    )
    assert dragged == [[*edge, float(width)] for *edge, width in drawn]


def test_a_nudge_shows_the_slope_beside_the_gradient(opened):
    stepper = opened(square())
    assert stepper.told("x") == "∂z/∂x = 54 · nudged: 54.009"
    stepper.page.locator("#h").fill("1")
    assert stepper.told("x") == "∂z/∂x = 54 · nudged: 63"

    stepper.page.locator("#h").fill("0")
    assert stepper.told("x") == "∂z/∂x = 54 · nudged: –"


def test_an_input_out_of_the_domain_is_told(opened):
    stepper = opened(Value(2.0, "x").log(), {"step": 1})
    stepper.enter("x", "-1")

    assert "nan" in stepper.equation
    assert "Python raises a DomainError" in stepper.text("#knobs-note")


def test_an_input_of_an_operation_without_a_rule_cannot_be_dragged(opened):
    @operation("look", partials=lambda x, out: (out,), name="look_up_in_a_table")
    def look(x):
        return {2.0: 7.0}[x]

    stepper = opened(look(Value(2.0, "x")) * Value(3.0, "y"), {"step": 10**6})
    assert stepper.page.get_by_role("slider", name="x", exact=True).is_disabled()
    assert "no rule for look_up_in_a_table" in stepper.text("#knobs-note")
    stepper.drag("y", 4)

    assert stepper.values()["x"] == ("2", "28")


# -- lessons ---------------------------------------------------------------------------------


def test_naive_recursion_is_wrong_on_this_graph(opened):
    stepper = opened(shared(3.0))

    assert "Value In order: right Naive: wrong a 4 6" in stepper.text("#naive")


def test_naive_recursion_is_shown_on_the_smallest_graph_where_it_is_right_here(opened):
    stepper = opened(square())
    stepper.page.get_by_text("visit by visit").click()

    assert "On this graph both ways agree" in stepper.text("#naive")
    assert "Value In order: right Naive: wrong a 4 6" in stepper.text("#naive")
    assert stepper.page.locator("#naive li").all_text_contents()[-1] == "a: 4 + 2 × 1 = 6, from b"


def test_naive_recursion_without_end_is_not_tried(opened):
    value = Value(1.0, "x")
    for _ in range(40):
        value = value * 0.5 + value * 0.5
    stepper = opened(value)

    assert "would hardly end" in stepper.text("#naive")


def test_twice_without_zero_grad_doubles_the_inputs(opened):
    stepper = opened(square())

    assert stepper.text("#twice").endswith(
        "Input Once Twice zero_grad() between x 54 108 54 y 36 72 36"
    )


# -- for everybody, everywhere ---------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("settings", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(opened, scheme, settings):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    stepper = opened(square(), {"step": 8}, color_scheme=scheme, **settings)
    stepper.page.locator("summary").evaluate_all("all => all.forEach(s => (s.parentNode.open = 1))")
    found = [axe.Axe().run(stepper.page)]
    stepper.click(re.compile("Predict"))
    stepper.answer("5")
    found.append(axe.Axe().run(stepper.page))

    assert [result.generate_report() for result in found if result.violations_count] == []


def test_a_phone_shows_all_without_scrolling_sideways(opened):
    stepper = opened(and_loss(), {"step": 30}, **PHONE)
    sideways = "document.documentElement.scrollWidth > innerWidth"
    assert not stepper.page.evaluate(sideways)
    for name in ["First step", "Previous step", "Play", "Next step", "Last step", "Predict"]:
        box = stepper.page.get_by_role("button", name=name).first.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert 600 <= box["y"] + box["height"] <= 740

    lit = stepper.page.locator("#picture g.now[data-node]").bounding_box()
    assert 0 <= lit["x"] <= 360 - lit["width"]


def test_wicked_names_are_text(opened):
    x = Value(2.0, WICKED)
    z = x * 3
    z.name = "</title><img src=x onerror=alert(1)>"
    stepper = opened(z, {"title": WICKED, "step": 1})

    assert stepper.page.title() == " ".join(WICKED.split())
    assert stepper.page.locator("img").count() == 0
    assert "<script>document.title" in stepper.heard
    assert "🎉" in stepper.text("h1")


def test_a_folded_graph_still_steps(opened):
    layers = random.Random(0)
    values = [Value(layers.random(), f"x[{i}]") for i in range(20)]
    for _ in range(20):
        values = [(layers.choice(values) * layers.choice(values)).tanh() for _ in range(20)]
    stepper = opened(sum(values[1:], values[0]))
    stepper.press("End", "ArrowLeft", "Home", "ArrowRight")

    assert "Step 2 of" in stepper.heard
    assert stepper.page.locator("#picture g.now").count() >= 1


def test_a_huge_graph_is_cut_and_says_so(opened):
    total = Value(0.0, "zero")
    for i in range(6000):
        total = total + Value(i, f"w{i}")
    stepper = opened(total)
    stepper.press("End", "ArrowLeft")

    assert stepper.text("#notice").startswith("This graph has 12,001 values: 11,001 steps")
    assert "Step 1,999" in stepper.heard or "Step 1999 of 2000" in stepper.heard
    assert "too large to be computed here" in stepper.text("#knobs-note")


@pytest.mark.parametrize("number", [math.inf, math.nan, 1e300, 0.0])
def test_extreme_inputs_do_no_harm(opened, number):
    for output in (Value(number, "x"), Value(number, "x") * 2 + 1):
        stepper = opened(output)
        stepper.press("End")
        stepper.page.locator(".knob [type=text]").fill("3")
        stepper.press("Tab")

        assert next(iter(stepper.values().values()))[0] == "3"


def test_it_prints_without_the_controls(opened):
    stepper = opened(square(), {"step": 8})
    stepper.page.emulate_media(media="print")

    assert not stepper.page.locator("#bar").is_visible()
    assert stepper.page.locator("#equation").is_visible()


def test_figures_are_those_of_python(opened):
    numbers = [1 / 3, 1e-5, 123456.7, 1234567.0, -0.5, 99999.95, 1e100, 0.0001, 2.5e-320]
    values = [Value(number, f"n{i}") for i, number in enumerate(numbers)]
    stepper = opened(sum((0 * value for value in values[1:]), values[0]))
    stepper.press("End")

    assert [stepper.values()[f"n{i}"][0] for i in range(len(numbers))] == list(map(figure, numbers))


def test_a_group_does_not_give_the_answer_away(opened):
    value = x = Value(0.5, "x")
    for _ in range(120):
        value = (value * 0.9).sin()
    stepper = opened(value, {"step": 2})
    before = stepper.page.locator("g[id^=group] .value").all_text_contents()
    stepper.click("Predict first")
    during = stepper.page.locator("g[id^=group] .value").all_text_contents()

    assert x.data == 0.5
    assert before != during


def test_a_gradient_is_told_in_words_and_told_again_when_an_input_is_dragged(opened):
    stepper = opened(square())
    told = stepper.page.locator("#paths > *")
    assert told.all_text_contents() == [
        "∂z/∂x = 18 · 3 = 54",
        "z → b → a → x: 18 · 1 · 3",
        "∂z/∂y = 18 · 2 = 36",
        "z → b → a → y: 18 · 1 · 2",
    ]
    stepper.drag("x", 2.5)

    assert told.all_text_contents()[2] == "∂z/∂y = 21 · 2.5 = 52.5"


def test_the_page_finds_the_paths_that_python_finds(opened):
    output = and_loss()
    inputs = [value for value in Trace.of(output).values if value.name in {"w1", "w2", "b"}]
    told = [explain(value, of=output, top=3) for value in inputs]

    words = opened(output).text("#paths")

    assert [round(explanation.rest, 9) for explanation in told] != [0, 0, 0]
    for explanation in told:
        assert f"∂loss/∂{explanation.by} = " in words
        assert f"all other paths: {figure(explanation.rest)}" in words


def test_many_long_paths_are_told_in_few_words(opened):
    value = x = Value(1.0, "x")
    for _ in range(1000):
        value = 0.6 * value + 0.4 * value
    value.name = "z"
    words = opened(value).text("#paths")

    assert x.data == 1.0
    assert "all other paths: 1" in words
    assert len(words) < 1000


def test_a_wide_line_of_code_is_shown_from_its_beginning(opened):
    with debug():
        x = Value(2.0, "x")
        z = x * 1 + x * 2 + x * 3 + x * 4 + x * 5 + x * 6 + x * 7 + x * 8 + x * 9 + x * 10 + x * 11
    stepper = opened(z, {"step": 5}, **PHONE)

    assert stepper.page.locator("#lines").evaluate("lines => lines.scrollLeft") == 0


def test_an_operation_on_many_values_is_told_though_it_is_not_computed_again(opened):
    total = mean([Value(float(i), f"w{i}") for i in range(60)])
    total.name = "z"
    stepper = opened(total, {"step": 60})
    assert stepper.equation.startswith("z = mean(w0, w1, …, w59) = ")
    assert "no rule for mean" in stepper.text("#knobs-note")
    stepper.press("End")

    assert stepper.text("#rule") == "∂mean(w0, w1, …, w59)/∂w59 = 0.0166667"


def test_a_card_is_marked_when_its_inf_or_nan_is_there_and_not_before(opened):
    marked = "cards => cards.filter(card => card.matches('.strange')).map(card => card.id)"
    stepper = opened(Value(0.0, "x").sqrt() + Value(math.inf, "y"))
    cards = stepper.page.locator("#picture [data-node]")
    seen = []
    for _ in range(8):
        seen.append(cards.evaluate_all(marked))
        stepper.press("ArrowRight")

    y, total, x = "node-1", "node-3", "node-0"
    assert seen == [[], [y], [y], *[[y, total]] * 4, [x, y, total]]


def test_a_tiny_number_is_as_short_on_a_card_as_python_makes_it(opened):
    numbers = [-1e-320, 5e-324, 1234.567, -0.00001234567, 1e22]
    stepper = opened(sum(Value(number, f"n{i}") for i, number in enumerate(numbers)))
    stepper.press("End")

    shown = [stepper.card(i)[0] for i in range(len(numbers))]
    assert shown == [lettering.number(number) for number in numbers]


def test_no_number_that_is_typed_makes_the_page_hang(opened):
    stepper = opened(Value(2.5, "x").lgamma())
    for number in ["-1000000000.5", "-inf", "1e300"]:
        stepper.enter("x", number)

    assert stepper.text("#summary").startswith("2 steps forward to a = 6.8")


# -- charts ----------------------------------------------------------------------------------


def chart(boxes=12):
    """A chart of boxes in a row, each with one entry; the last is also read from the first."""
    made = [
        ChartBox(
            f"relu(#{i})",
            f"{100 + i} numbers",
            f"#{i + 1}",
            "group output" if i == boxes - 1 else "operation",
            [Entry(f"{i} × relu(a)", [("a", WICKED)], [f"work[{i}] = {WICKED}"], 99)],
        )
        for i in range(boxes)
    ]
    arrows = [Arrow(i, i + 1, 10**i) for i in range(boxes - 1)]
    return Chart(f"step {WICKED}", "some waves", made, [*arrows, Arrow(0, boxes - 1, 5)])


def test_a_box_of_a_chart_opens_to_what_it_holds(opened):
    page = opened(chart()).page
    inside = page.get_by_text("work[3] =")
    assert not inside.is_visible()

    page.locator("#box-3").click()

    assert inside.is_visible()
    assert page.locator("#holds-3").evaluate("it => it.open")
    assert page.locator(".now").get_attribute("id") == "box-3"
    near = page.locator(".near").evaluate_all("all => all.map((card) => card.dataset.box)")
    assert near == ["2", "3", "4"]
    assert page.locator(".edge.dim").count() == 10
    page.locator("#holds-3 summary").click()
    assert not inside.is_visible()
    assert page.locator(".edge.dim").count() == 0


@pytest.mark.parametrize("key", ["Enter", " "])
def test_a_chart_needs_no_mouse(opened, key):
    page = opened(chart()).page

    page.locator("#box-1").focus()
    page.keyboard.press(key)

    assert page.get_by_text("work[1] =").is_visible()
    assert page.get_by_role("button", name="relu(#1)").count() == 1


def test_a_chart_works_without_its_script(opened):
    page = opened(chart(), java_script_enabled=False).page

    page.get_by_text("relu(#2)").last.click()

    assert page.get_by_text("work[2] =").is_visible()


def test_a_chart_fits_a_phone(opened):
    page = opened(chart(), **PHONE).page
    page.locator("#holds-0 summary").click()
    picture = page.locator("#picture svg")
    box, view = picture.bounding_box(), picture.evaluate("it => it.viewBox.baseVal.width")

    assert box["width"] <= min(view, PHONE["viewport"]["width"])
    assert box["height"] / box["width"] == pytest.approx(
        picture.evaluate("it => it.viewBox.baseVal.height") / view, rel=0.01
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_chart(opened, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page = opened(chart(), color_scheme=scheme).page
    found = [axe.Axe().run(page)]
    page.locator("#box-3").click()
    found.append(axe.Axe().run(page))

    assert [each.generate_report() for each in found if each.violations_count] == []
