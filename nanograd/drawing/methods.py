"""What can be seen of a Value, as its methods: `z.draw()`, `z.show()`, `z.tree()`, ….

Each is imported when it is first called: who computes without looking pays nothing for it.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ..errors import DomainError
from ..nanograd import Value

#: Each method, and where the function is whose first argument is the value.
METHODS = {
    "backward_table": "terminal",
    "draw": "picture",
    "show": "showing",
    "to_latex": "latex",
    "tree": "terminal",
}


def on_call(module: str, name: str) -> Callable[..., Any]:
    """Return a function that imports the one of that name, and calls it."""

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        return getattr(import_module(f"{__package__}.{module}"), name)(self, *arguments, **named)

    method.__name__ = name
    method.__doc__ = f"Call `nanograd.drawing.{module}.{name}` with this value; it tells more."
    return method


for name, module in METHODS.items():
    setattr(Value, name, on_call(module, name))
setattr(Value, "_repr_mimebundle_", on_call("notebook", "mimebundle"))
setattr(DomainError, "show", on_call("showing", "show_birth"))
