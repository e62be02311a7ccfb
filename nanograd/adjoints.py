"""The derivatives of one value as plain numbers, kept beside the graph: no grad is touched."""

from collections.abc import Mapping

from .nanograd import Value, ancestry


def adjoints(output: Value) -> Mapping[Value, float]:
    """Return the derivative of a value in each value under it to which a derivative flows.

    It is a backward pass with the slopes of the forward pass, as `backward()` takes it.

    >>> x = Value(3.0)
    >>> adjoints(x * x)[x], x.grad
    (6.0, 0.0)
    """
    grads = {output: 1.0}
    for value in ancestry(output):
        if value in grads:
            grad = grads[value]
            for operand, partial in zip(value.operands, value.partials, strict=True):
                if partial is not None and isinstance(operand, Value):
                    grads[operand] = grads.get(operand, 0.0) + grad * partial
    return grads
