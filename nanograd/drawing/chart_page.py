"""The page of a chart: one HTML file with its picture, and beside it what each box holds.

It is complete without the script, which opens a box when it is clicked in the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from string import Template

from .chart import Chart, ChartBox, Entry
from .lettering import written
from .page import part, policy, styles_in

FOLDER = "chart_viewer"


def page_of(chart: Chart) -> str:
    """Return the page, as HTML."""
    picture = chart.svg
    style = part("viewer.css") + part("chart.css", FOLDER)
    script = f"'use strict';\n(() => {{\n{part('chart.js', FOLDER)}\n}})();\n"
    parts = {
        "title": escape(chart.title),
        "summary": escape(chart.summary),
        "policy": policy([style, *styles_in(picture)], script),
        "style": style,
        "picture": picture,
        "boxes": "\n".join(map(opening, range(len(chart.boxes)), chart.boxes)),
        "script": script,
    }
    return Template(part("chart.html", FOLDER)).substitute(parts)


def opening(place: int, box: ChartBox) -> str:
    """Return a box that opens to what it holds."""
    entries = "\n".join([line for entry in box.entries for line in lines_of(entry)])
    tag, name, note = map(written, (box.tag, box.name, box.note))
    summary = f"<summary><span>{tag}</span> {name} <small>{note}</small></summary>"
    head = f'<details id="holds-{place}" data-box="{place}">{summary}'
    return f"{head}\n{entries}\n</details>"


def lines_of(entry: Entry) -> Iterator[str]:
    """Yield an entry: its heading, its facts, its lines, and how many are left out."""
    yield f'<div class="entry"><h2>{written(entry.heading)}</h2>'
    facts = [f"<dt>{written(name)}</dt><dd>{written(fact)}</dd>" for name, fact in entry.facts]
    if facts:
        yield f'<dl class="facts">{"".join(facts)}</dl>'
    if entry.lines:
        yield '<pre tabindex="0">{}</pre>'.format("\n".join(map(written, entry.lines)))
    if entry.left_out:
        yield f"<p>and {entry.left_out:,} more like these</p>"
    yield "</div>"
