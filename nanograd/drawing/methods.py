"""What can be seen of a Value, as its methods: `z.draw()`, `z.show()`, `z.tree()`, ….

Each is imported when it is first called: who computes without looking pays nothing for it.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ..errors import DomainError
from ..nanograd import Value

#: Each method, and where the function is whose first argument is the value, or the error.
METHODS = {
    (Value, "_repr_mimebundle_"): "notebook.mimebundle",
    (Value, "backward_table"): "terminal.backward_table",
    (Value, "draw"): "picture.draw",
    (Value, "show"): "showing.show",
    (Value, "to_latex"): "latex.to_latex",
    (Value, "tree"): "terminal.tree",
    (DomainError, "show"): "showing.show_birth",
}


def on_call(place: str) -> Callable[..., Any]:
    """Return a function that imports the one at this place, and calls it."""
    module, name = place.split(".")

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        function = getattr(import_module(f"{__package__}.{module}"), name)
        return function(self, *arguments, **named)

    method.__name__ = name
    method.__doc__ = f"Call `nanograd.drawing.{place}` with this object; it tells more."
    return method


for (kind, name), place in METHODS.items():
    setattr(kind, name, on_call(place))
