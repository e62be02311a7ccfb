"""A chart: boxes with arrows between them, from top to bottom; each opens to what it holds.

It is drawn with the layout, the lines and the colors of graphs; `chart_page.py` has the page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .cards import BETWEEN, BOLD, LABEL, LOWEST, PADDING, STEP, TITLE
from .dot import HEAD, quoted
from .drawing import Drawing
from .layout import Layout, arrange
from .lettering import shortened, width_of, written
from .routes import Point
from .svg import BASELINES, LONGEST_HINT, NAMESPACE, STYLE, breadth, head_at, short, spot, way_along

NARROWEST = 140.0
LONGEST_NAME = 40

#: Layouts go from left to right. A chart goes from top to bottom: what is drawn of it changes axes.
TURNED = 'transform="matrix(0 1 1 0 0 0)"'


class Entry(NamedTuple):
    """What a box holds: a heading, facts with names, and lines, of which some are left out."""

    heading: str
    facts: Sequence[tuple[str, str]]
    lines: Sequence[str]
    left_out: int


class ChartBox(NamedTuple):
    """A box: `name` in its upper line, `note` and `tag` in the lower one, and what it opens to.

    No two boxes of a chart have the same tag.
    """

    name: str
    note: str
    tag: str
    kind: str  # operation or group; and output
    entries: Sequence[Entry]


class Arrow(NamedTuple):
    """From one box to another, by their positions, and how many numbers go along."""

    start: int
    end: int
    numbers: int


class Chart(Drawing):
    """A picture of boxes in the order of their arrows."""

    def __init__(
        self,
        title: str,
        summary: str,
        boxes: Sequence[ChartBox],
        arrows: Sequence[Arrow],
    ):
        self.title = title
        self.summary = summary
        self.boxes = boxes
        self.arrows = arrows

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        widths = list(map(width_for, self.boxes))
        layout = arrange(
            [(LOWEST, width) for width in widths],
            [(arrow.start, arrow.end) for arrow in self.arrows],
        )
        size = f'width="{short(layout.height)}" height="{short(layout.width)}"'
        view = f'viewBox="0 0 {short(layout.height)} {short(layout.width)}"'
        told = "; ".join([f"{box.name}: {box.note}" for box in self.boxes])
        lines = [
            f'<svg {NAMESPACE} class="ng" role="img" {size} {view}>',
            f"<title>{written(shortened(self.title, LONGEST_HINT))}</title>",
            f"<desc>{written(told)}</desc>",
            f"<style>{STYLE}</style>",
            f'<rect class="paper" {size} rx="10"/>',
            f"<g {TURNED}>",
            *self.arrows_in(layout),
            "</g>",
            *self.boxes_in(layout, widths),
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

    @property
    def html(self) -> str:
        """A page, complete in itself, in which each box opens to what it holds."""
        from .chart_page import page_of

        return page_of(self)

    @property
    def dot(self) -> str:
        """The chart in the language of Graphviz."""
        lines = [HEAD.replace("LR", "TB")]
        for box in self.boxes:
            label = quoted(box.name, f"{box.note}, {box.tag}")
            lines.append(f"  {quoted(box.tag)} [label={label}]")
        for arrow in self.arrows:
            start, end = (quoted(self.boxes[i].tag) for i in (arrow.start, arrow.end))
            lines.append(f"  {start} -> {end}")
        return "\n".join([*lines, "}"]) + "\n"

    def __repr__(self) -> str:
        return f"Chart({len(self.boxes):,} boxes)"

    def arrows_in(self, layout: Layout) -> Iterator[str]:
        """Yield each arrow, the wider the more numbers go along."""
        largest = max([arrow.numbers for arrow in self.arrows], default=1)
        for arrow, route in zip(self.arrows, layout.routes, strict=True):
            width = breadth(arrow.numbers, largest)
            yield (
                f'<g class="edge" data-from="{arrow.start}" data-to="{arrow.end}"'
                f' stroke-width="{short(width)}">'
                f'<path d="{way_along(route)}"/>{head_at(route.end, width)}</g>'
            )

    def boxes_in(self, layout: Layout, widths: Sequence[float]) -> Iterator[str]:
        """Yield each box."""
        for i, (box, corner, width) in enumerate(
            zip(self.boxes, layout.corners, widths, strict=True)
        ):
            yield drawn(box, i, Point(corner.y, corner.x), width)


def width_for(box: ChartBox) -> float:
    """Return how wide a box has to be for its texts."""
    title = width_of(shortened(box.name, LONGEST_NAME), TITLE * BOLD)
    lower = width_of(box.note, TITLE) + BETWEEN + width_of(box.tag, LABEL)
    widest = max(title, lower, NARROWEST - 2 * PADDING) + 2 * PADDING
    return math.ceil(widest / STEP) * STEP


def drawn(box: ChartBox, place: int, corner: Point, width: float) -> str:
    """Return a box, whose upper left corner is here."""
    size = f'width="{short(width)}" height="{short(LOWEST)}" rx="8"'
    behind = f'<rect class="behind" x="4" y="4" {size}/>' if "group" in box.kind else ""
    left, right = short(PADDING), short(width - PADDING)
    upper, lower = map(short, BASELINES)
    hint = f"<title>{written(box.name)}</title>" if len(box.name) > LONGEST_NAME else ""
    return (
        f'<g id="box-{place}" class="{box.kind}" data-box="{place}"'
        f' transform="translate({spot(corner)})">{hint}{behind}<rect {size}/>'
        f'<text x="{left}" y="{upper}"><tspan class="name">'
        f"{written(shortened(box.name, LONGEST_NAME))}</tspan></text>"
        f'<text class="value" x="{left}" y="{lower}">{written(box.note)}</text>'
        f'<text class="right" x="{right}" y="{lower}">'
        f'<tspan class="label">{written(box.tag)}</tspan></text></g>'
    )
