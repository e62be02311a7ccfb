"""`draw`: a picture of how a value was computed and of all its derivatives, in several forms."""

from collections.abc import Callable, Mapping
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path

from ..atomic import write_whole
from ..errors import DataError, short
from ..nanograd import Value
from .animation import animated
from .dot import dot_of
from .record import json_of
from .scene import Scene, scene_of
from .svg import drawn
from .trace import Trace


def draw(value: Value) -> "Drawing":
    """Return a picture of how a value was computed, with the derivative of it in each step.

    A graph of more than 150 nodes is folded into boxes that hold many. Nothing is changed: the
    derivatives are computed beside the values, whatever their grads are.

    >>> from nanograd import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> drawing = draw((x * y + 3) ** 2)
    >>> drawing
    Drawing(5 nodes)
    >>> drawing.svg[:42]
    '<svg xmlns="http://www.w3.org/2000/svg" cl'
    """
    return Drawing(Trace.of(value))


class Drawing:
    """A picture of a trace. Notebooks show it; `save` writes it to a file.

    `svg` is the picture, `animated` one in which both passes run, `dot` is for Graphviz, and `json`
    is the trace itself: all are text.
    """

    def __init__(self, trace: Trace):
        self.trace = trace

    @cached_property
    def scene(self) -> Scene:
        """What the picture shows, and where."""
        return scene_of(self.trace)

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        return drawn(self.scene)

    @property
    def animated(self) -> str:
        """The picture as SVG in which the values appear one by one, and then the gradients."""
        return animated(self.scene)

    @property
    def dot(self) -> str:
        """The graph in the language of Graphviz."""
        return dot_of(self.scene)

    @property
    def json(self) -> str:
        """The trace as JSON; `docs/trace.md` describes it."""
        return json_of(self.trace)

    @property
    def html(self) -> str:
        """A page, complete in itself, that goes through both passes step by step."""
        from .page import page_of

        return page_of(self.trace)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the picture to a file, in the form that its name ends with.

        That is .svg, .html, .dot or .json. The file is written whole, or not at all.
        """
        place = fspath(path)
        form = FORMS.get(Path(place).suffix.lower())
        if form is None:
            required = ", ".join(FORMS)
            raise DataError(f"a drawing is saved as one of {required}; it was given {short(place)}")
        write_whole(place, form(self))

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"Drawing({len(self.trace.nodes):,} nodes)"


FORMS: Mapping[str, Callable[[Drawing], str]] = {
    ".svg": lambda drawing: drawing.svg,
    ".html": lambda drawing: drawing.html,
    ".dot": lambda drawing: drawing.dot,
    ".json": lambda drawing: drawing.json,
}
