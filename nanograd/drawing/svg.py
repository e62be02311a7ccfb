"""The picture as SVG: a card for each node, an edge for each operand.

An edge is the wider the more of the derivative flows back along it, dotted where none does.
"""

import math
from collections.abc import Iterator

from .cards import LOWEST, PADDING, Card, name_of
from .folding import Folding
from .lettering import number, shortened, written
from .routes import Point, Route
from .scene import Scene, Tie, scene_of
from .trace import Trace

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'

BASELINES = 18.5, 36.5  # of the two lines on the lowest card
HEAD = 8.0  # the length of an arrow's head
THINNEST, WIDEST = 1.2, 4.0
DECADES = 3.0  # a flow a thousand times smaller than the largest is as thin as can be
MOST_LABELED = 12  # more edges would make a clutter of labels
FLAT = 14.0  # a label stands above an edge that climbs less than this, and otherwise on it
LONGEST_HINT = 200
WARNING = "l6 11h-12zm-.8 3.8h1.6l-.3 3.8h-1zm0 4.8h1.6v1.3h-1.6z"  # a triangle with a !

STYLE = """
.ng{--paper:#fff;--card:#fff;--line:#c6ccd6;--leaf:#edf3fd;--leaf-line:#9db8e4;--group:#f4f1fa;\
--group-line:#b9aed6;--ink:#1d2433;--soft:#667085;--grad:#a8500a;--flow:#dfa25c;--none:#9aa3b2;\
--bad:#c0262d;font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
@media(prefers-color-scheme:dark){.ng{--paper:#12161f;--card:#1d2430;--line:#465064;\
--leaf:#1a2d4a;--leaf-line:#47699f;--group:#2a2540;--group-line:#6b5f98;--ink:#e8ebf1;\
--soft:#99a3b5;--grad:#f2ae57;--flow:#9a6a2b;--none:#758093;--bad:#ff7b7b}}
.ng .paper{fill:var(--paper);stroke:none}
.ng rect{fill:var(--card);stroke:var(--line)}
.ng .leaf rect{fill:var(--leaf);stroke:var(--leaf-line)}
.ng .output rect{stroke:var(--ink);stroke-width:1.6}
.ng .group rect{fill:var(--group);stroke:var(--group-line)}
.ng .group.leaf rect{fill:var(--leaf);stroke:var(--leaf-line)}
.ng .strange rect{stroke:var(--bad);stroke-width:1.6}
.ng .mark{fill:var(--bad);fill-rule:evenodd}
.ng text{fill:var(--ink);font-size:12.5px;white-space:pre}
.ng .name{font-weight:650}
.ng .value,.ng .grad{font-size:13px;font-variant-numeric:tabular-nums}
.ng .grad{fill:var(--grad)}
.ng .label{fill:var(--soft);font-size:10px}
.ng .right{text-anchor:end}
.ng .slope{fill:var(--soft);font-size:10.5px;text-anchor:middle;paint-order:stroke;\
stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.ng .edge{color:var(--flow);fill:none;stroke:currentColor}
.ng .head{fill:currentColor;stroke:none}
.ng .none{color:var(--none);stroke-dasharray:2 4}
""".strip()


def svg_of(trace: Trace, folding: Folding | None = None) -> str:
    """Return the picture of a trace as SVG, in text; `folding` has it folded in another way."""
    return drawn(scene_of(trace, folding))


def drawn(scene: Scene, more_style: str = "") -> str:
    """Return a scene as SVG, with more style than it has anyway."""
    width, height = short(scene.layout.width), short(scene.layout.height)
    size = f'width="{width}" height="{height}"'
    lines = [
        f'<svg {NAMESPACE} class="ng" role="img" {size} viewBox="0 0 {width} {height}">',
        f"<title>{written(shortened(title_of(scene), LONGEST_HINT))}</title>",
        f"<desc>{written(description_of(scene))}</desc>",
        f"<style>{STYLE}{more_style}</style>",
        f'<rect class="paper" {size} rx="10"/>',
        *edges_in(scene),
        *cards_in(scene),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def title_of(scene: Scene) -> str:
    """Return what the picture is of."""
    return f"How {name_of(scene.trace, scene.trace.output)} is computed, and its derivatives"


def description_of(scene: Scene) -> str:
    """Return the picture in words."""
    return "; ".join(shortened(card.told, LONGEST_HINT) for card in scene.cards)


# -- cards -----------------------------------------------------------------------------------


def cards_in(scene: Scene) -> Iterator[str]:
    """Yield each card of the scene."""
    for place in zip(scene.cards, scene.layout.corners, scene.heights, strict=True):
        yield card_at(*place)


def card_at(card: Card, corner: Point, height: float) -> str:
    """Return a card, whose upper left corner is here."""
    kind, _, place = card.key.partition("-")
    strange = " strange" if card.is_strange else ""
    left, right = short(PADDING), short(card.width - PADDING)
    size = f'width="{short(card.width)}" height="{short(height)}" rx="8"'
    upper, lower = (short(baseline + (height - LOWEST) / 2) for baseline in BASELINES)
    return (
        f'<g id="{card.key}" class="{card.kind}{strange}" data-{kind}="{place}"'
        f' transform="translate({spot(corner)})">{hint(card)}{behind(card, size)}<rect {size}/>'
        f'<text x="{left}" y="{upper}"><tspan class="name">{written(card.name)}</tspan>'
        f"{note(card)}</text>{mark(card)}"
        f'<text class="value" x="{left}" y="{lower}">{card.value}</text>'
        f'<text class="right" x="{right}" y="{lower}"><tspan class="label">grad </tspan>'
        f'<tspan class="grad">{card.grad}</tspan></text></g>'
    )


def hint(card: Card) -> str:
    """Return what a pointer that rests on the card shows, where that is more than the card does."""
    says_more = "group" in card.kind or "…" in card.name + card.note
    return f"<title>{written(shortened(card.told, LONGEST_HINT))}</title>" if says_more else ""


def behind(card: Card, size: str) -> str:
    """Return the card that is seen behind that of a group: there are several."""
    return f'<rect class="behind" x="4" y="4" {size}/>' if "group" in card.kind else ""


def note(card: Card) -> str:
    """Return what follows the name: a formula, or in small letters how many nodes there are."""
    if not card.note:
        return ""
    text = f" {written(card.note)}"
    return f'<tspan class="label"> {text}</tspan>' if "group" in card.kind else text


def mark(card: Card) -> str:
    """Return the sign for inf or nan, in the corner of the card."""
    if not card.is_strange:
        return ""
    return f'<path class="mark" d="M{short(card.width - PADDING - 6)} 8{WARNING}"/>'


# -- edges -----------------------------------------------------------------------------------


def edges_in(scene: Scene) -> Iterator[str]:
    """Yield each edge of the scene."""
    flows = [tie.flow for tie in scene.ties if math.isfinite(tie.flow)]
    largest = max(flows, default=0.0)
    for tie, route in zip(scene.ties, scene.layout.routes, strict=True):
        yield edge_along(scene, tie, route, breadth(tie.flow, largest))
    if len(scene.ties) <= MOST_LABELED:
        for tie, route in zip(scene.ties, scene.layout.routes, strict=True):
            yield from slope_along(scene, tie, route)


def breadth(flow: float, largest: float) -> float:
    """Return how wide an edge is drawn, by the decades between its flow and the largest."""
    if not flow:
        return 1.0
    if not flow < largest:  # nan too
        return WIDEST
    share = max(0.0, 1 + math.log10(flow / largest) / DECADES) if flow / largest else 0.0
    return THINNEST + (WIDEST - THINNEST) * share


def edge_along(scene: Scene, tie: Tie, route: Route, width: float) -> str:
    """Return an edge with its head."""
    none = "" if tie.flow else " none"
    return (
        f'<g class="edge{none}"{ends_of(scene, tie)} stroke-width="{short(width)}">'
        f'<path d="{way_along(route)}"/>{head_at(route.end, width)}</g>'
    )


def ends_of(scene: Scene, tie: Tie) -> str:
    """Return what an edge connects: a node by its number, a group by its key; and which operand."""
    start, end = (scene.cards[box].key.removeprefix("node-") for box in (tie.start, tie.end))
    operand = "" if tie.operand is None else f' data-operand="{tie.operand}"'
    return f' data-from="{start}" data-to="{end}"{operand}'


def way_along(route: Route) -> str:
    """Return the way of an edge up to its head, as the data of a path."""
    parts = [f"M{spot(route.start)}"]
    here = route.start
    for curve in route.curves:
        if curve.start != here:
            parts.append(f"L{spot(curve.start)}")
        first, second = curve.controls()
        here = curve.end if curve is not route.curves[-1] else before_head(curve.end)
        parts.append(f"C{spot(first)} {spot(second)} {spot(here)}")
    if before_head(route.end) != here:
        parts.append(f"H{short(route.end.x - HEAD)}")
    return "".join(parts)


def before_head(tip: Point) -> Point:
    """Return where the line of an edge ends whose head points here."""
    return Point(tip.x - HEAD, tip.y)


def head_at(tip: Point, width: float) -> str:
    """Return the head of an arrow that ends here."""
    half = round(2.4 + width / 2, 1)
    return f'<path class="head" d="M{spot(tip)}l{short(-HEAD)} {short(-half)}v{short(2 * half)}z"/>'


def slope_along(scene: Scene, tie: Tie, route: Route) -> Iterator[str]:
    """Yield the label of an edge: the partial that the derivative is multiplied with, if not 1."""
    if tie.operand is None or tie.partial == 1:
        return
    curve = route.curves[0]
    x = (curve.start.x + curve.end.x) / 2
    y = (curve.start.y + curve.end.y) / 2
    above = abs(curve.start.y - curve.end.y) < FLAT
    y += -6 if above else 3.5
    place = f'x="{short(x)}" y="{short(y)}"'
    yield f'<text class="slope"{ends_of(scene, tie)} {place}>×{number(tie.partial)}</text>'


# -- numbers ---------------------------------------------------------------------------------


def spot(point: Point) -> str:
    """Return a point as a path has it."""
    return f"{short(point.x)} {short(point.y)}"


def short(length: float) -> str:
    """Return a length with one digit after the point, or none.

    >>> short(3.14159), short(2.0)
    ('3.1', '2')
    """
    return f"{length:z.1f}".removesuffix(".0")
