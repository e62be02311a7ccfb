"""The step-through page as text: complete, closed to the network, and deaf to what names say."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from nanograd import DomainError, StaleError, Value, debug, operation
from nanograd.drawing import page
from nanograd.drawing.page import page_of
from nanograd.drawing.showing import birth_trace
from nanograd.drawing.trace import Trace

VIEWER = Path(page.__file__).parent / "viewer"
MOST_BYTES = 60_000  # of script, style and template in all
MEGABYTE = 2**20
WICKED = "</script><script>alert(1)</script><!-- ]]> & \"'\u2028\u2029 🎉"


class Elements(HTMLParser):
    """The elements of a page, with their attributes, and the text in each script and style."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.texts = []
        self.inside = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.inside = tag

    def handle_endtag(self, _tag):
        self.inside = None

    def handle_data(self, text):
        if self.inside in {"script", "style"}:
            self.texts.append((*self.found[-1], text))


def example(name="x"):
    x, y = Value(2.0, name), Value(3.0, "y")
    z = (x * y + 3) ** 2
    z.name = "z"
    return z


def page_for(output, **options):
    return page_of(Trace.of(output), **options)


def tags(text):
    return [tag for tag, _ in Elements(text).found if tag != "title"]  # long names get a tooltip


def data_in(text):
    (data,) = [text for tag, has, text in Elements(text).texts if has.get("id") == "trace"]
    return json.loads(data)


def long_sum(terms):
    total = Value(0.0)
    for i in range(terms):
        total = total + Value(i / terms, f"w{i}")
    return total


def test_the_viewer_is_small():
    assert sum(path.stat().st_size for path in VIEWER.iterdir()) <= MOST_BYTES


def test_every_file_of_the_viewer_is_in_use():
    scripts = {f"{name}.js" for name in page.SCRIPTS}

    assert {path.name for path in VIEWER.iterdir()} == {
        *scripts,
        "page.html",
        "special.js",
        "viewer.css",
    }


def test_the_lines_of_the_viewer_are_not_wide():
    wide = [
        f"{path.name}:{number}"
        for path in VIEWER.glob("*.js")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 100
    ]

    assert wide == []


def test_the_policy_names_each_script_and_style_by_its_hash_and_nothing_else():
    text = page_for(example())
    elements = Elements(text)
    (policy,) = [has["content"] for tag, has in elements.found if "http-equiv" in has]
    runs = [text for tag, has, text in elements.texts if "type" not in has]

    digests = {base64.b64encode(hashlib.sha256(run.encode()).digest()).decode() for run in runs}
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == digests
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_page_asks_for_nothing():
    elements = Elements(page_for(example()))

    asking = {"src", "href", "srcset", "action", "data", "style", "onclick"}
    assert [(tag, has) for tag, has in elements.found if asking & has.keys()] == []
    assert "eval(" not in page_for(example())
    assert "new Function" not in page_for(example())


def test_names_and_titles_cannot_break_out():
    text = page_for(example(WICKED), title=WICKED)
    plain = page_for(example(), title="z")

    assert tags(text) == tags(plain)
    assert "alert(1)</script>" not in text
    assert data_in(text)["nodes"]["0"]["name"].startswith("</script>")


def test_the_page_says_what_it_is_of():
    assert "<h1>How z changes</h1>" in page_for(example())
    assert "<h1>a &lt; b</h1>" in page_for(example(), title="a < b")


def test_a_dollar_in_a_name_is_a_dollar():
    assert data_in(page_for(example("$data $$")))["nodes"]["0"]["name"] == "$data $$"


def test_it_opens_on_the_step_that_is_asked_for():
    assert data_in(page_for(example(), step=3))["focus"] == {"message": "", "step": 3}
    assert data_in(page_for(example()))["focus"] is None


def test_the_code_is_there_without_the_place_of_the_file():
    with debug():
        text = page_for(example())

    (source,) = data_in(text)["sources"]
    assert source["name"] == Path(__file__).name
    assert any("z = (x * y + 3) ** 2" in line for line in source["lines"])
    assert str(Path(__file__).parent) not in text


def test_a_partial_whose_words_hold_on_one_side_only_is_marked():
    data = data_in(page_for(Value(2.0, "x").elu() * Value(3.0, "y")))

    assert [spelling["sided"] for spelling in data["spelling"].values()] == [
        [True, True],
        [False, False],
    ]


def test_an_operation_that_cannot_be_written_in_javascript_has_no_rule():
    table = {2.0: 7.0}

    @operation("look", partials=lambda x, out: (out,), name="look_in_a_table")
    def look(x):
        return table[x]

    assert "const RULES = [null]" in page_for(look(Value(2.0, "x")))


def test_a_graph_of_thousands_is_whole_and_one_of_more_is_cut():
    whole = page_for(long_sum(1900))
    cut = page_for(long_sum(10_000))

    assert len(data_in(whole)["forward"]) == 3801
    assert "left_out" not in data_in(whole)
    assert data_in(cut)["left_out"] == {"nodes": 20_001, "forward": 19_001, "backward": 19_001}
    assert len(whole) < 3 * MEGABYTE
    assert len(cut) < MEGABYTE


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_numbers_that_json_does_not_know_are_texts(number):
    assert data_in(page_for(Value(number, "x") + 1))["nodes"]["0"]["data"] == str(number)


def test_data_changed_since_the_forward_pass_is_an_error_and_no_false_arithmetic():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    s = x * y
    x.data = 5.0

    with pytest.raises(StaleError, match=r"x \* y gave 6.0 data was changed: now it would give 15"):
        s.show(browser=False)


def shown_first(data):
    """Which step a page opens on: forward, its node; backward, the node that a share comes from."""
    n, cut = data["focus"]["step"], len(data["forward"])
    return data["forward"][n] if n < cut else data["backward"][n - cut]["from"]


def test_a_page_that_is_cut_opens_on_the_step_in_which_a_nan_was_born():
    with debug():
        x = Value(0.0, "x")
        root = (x * 1.0).sqrt()
        output = root
        for _ in range(5000):
            output = output + 1.0
        with pytest.raises(DomainError) as late:
            output.backward()
        with pytest.raises(DomainError) as early:
            (output * 0.0).log()

    back = birth_trace(late.value.birth, "")
    forth = birth_trace(early.value.birth, "")
    assert shown_first(data_in(page_of(back))) == back.positions[root]
    assert shown_first(data_in(page_of(forth))) == forth.output
