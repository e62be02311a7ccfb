"""The picture in motion: the values appear layer by layer, then the gradients on their way back.

It is the picture with more style: CSS alone, which also runs where an image does, such as a README.
Who asks for less motion sees the picture as it is.
"""

from collections.abc import Iterator

from .cards import Card
from .scene import Scene
from .svg import drawn

STEP_S = 0.9  # for each layer, in each pass
PAUSE = 4  # steps at the end, before it begins again
FADE = 0.4  # of a step

#: How things look before their step, and after it.
SEEN = "opacity:0", "opacity:1"
COLORED = "color:var(--none)", "color:var(--flow)"


def animated(scene: Scene) -> str:
    """Return a scene as SVG in which both passes run, again and again."""
    return drawn(scene, "\n@media(prefers-reduced-motion:no-preference){" + motion(scene) + "}\n")


def motion(scene: Scene) -> str:
    """Return the style that moves a scene."""
    layers = max(scene.layout.layers) + 1
    steps = 2 * layers + PAUSE
    moved = ".ng .value,.ng .right,.ng .edge,.ng .slope"
    rules = [f"{moved}{{animation:{STEP_S * steps:.1f}s infinite}}"]
    for layer in range(layers):
        keys = [card.key for card, own in cards_with_layers(scene) if own == layer]
        starts = [f'[data-from="{key.removeprefix("node-")}"]' for key in keys]
        back = 2 * layers - 1 - layer
        values = [f"#{key} .value" for key in keys]
        grads = [f"#{key} .right" for key in keys] + [f".slope{start}" for start in starts]
        edges = [f".edge:not(.none){start}" for start in starts]
        rules += change(f"v{layer}", SEEN, layer / steps, steps, values)
        rules += change(f"g{layer}", SEEN, back / steps, steps, grads)
        rules += change(f"e{layer}", COLORED, back / steps, steps, edges)
    return "\n".join(rules)


def cards_with_layers(scene: Scene) -> Iterator[tuple[Card, int]]:
    """Yield each card with the layer that it is in."""
    yield from zip(scene.cards, scene.layout.layers, strict=True)


def change(
    name: str,
    states: tuple[str, str],
    begin: float,
    steps: int,
    selectors: list[str],
) -> list[str]:
    """Return the rules by which things change from one state to the other."""
    before, after = states
    end = begin + FADE / steps
    return [
        f"@keyframes {name}{{0%,{begin:.1%}{{{before}}}{end:.1%},to{{{after}}}}}",
        f"{','.join(selectors)}{{animation-name:{name}}}",
    ]
