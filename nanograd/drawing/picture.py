"""`draw`: a picture of how a value was computed and of all its derivatives, in several forms."""

from functools import cached_property

from ..nanograd import Value
from .animation import animated
from .dot import dot_of
from .drawing import Drawing
from .record import json_of
from .scene import Scene, scene_of
from .svg import drawn
from .trace import Trace


def draw(value: Value) -> "GraphDrawing":
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
    return GraphDrawing(Trace.of(value))


class GraphDrawing(Drawing):
    """A picture of a trace. Notebooks show it; `save` writes it to a file.

    `svg` is the picture, `animated` one in which both passes run, `dot` is for Graphviz, and `json`
    is the trace itself: all are text.
    """

    forms = ("svg", "html", "dot", "json")

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

    def __repr__(self) -> str:
        return f"Drawing({len(self.trace.nodes):,} nodes)"
