"""The two best known scalar Values, written afresh after their published designs, as peers.

`ClosureValue` is micrograd's design (2020): a set of children, and a closure per node that takes
the node's step of the chain rule. `LocalGradientValue` is microgpt's (2026): slots, the children
and their local derivatives, the chain rule once in `backward`. Both sort the graph by recursion, as
they do there. What they repeat is repeated here: a call more for each node would slow them down.
"""

# ruff: noqa: B905, D102, E731, SLF001 - they are as plain as the originals

import math


class ClosureValue:
    """A Value in micrograd's design."""

    def __init__(self, data, children=(), op=""):
        self.data = data
        self.grad = 0
        self._backward = lambda: None
        self._children = set(children)
        self._op = op

    def __add__(self, other):
        other = other if isinstance(other, ClosureValue) else ClosureValue(other)
        out = ClosureValue(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, ClosureValue) else ClosureValue(other)
        out = ClosureValue(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __pow__(self, exponent):
        return self.unary(self.data**exponent, exponent * self.data ** (exponent - 1), "**")

    def unary(self, data, slope, op):
        """Return the node of a function of this one, given its value and its slope."""
        out = ClosureValue(data, (self,), op)

        def _backward():
            self.grad += slope * out.grad

        out._backward = _backward
        return out

    def tanh(self):
        t = math.tanh(self.data)
        return self.unary(t, 1 - t * t, "tanh")

    def exp(self):
        e = math.exp(self.data)
        return self.unary(e, e, "exp")

    def log(self):
        return self.unary(math.log(self.data), 1 / self.data, "log")

    def relu(self):
        return self.unary(max(0, self.data), float(self.data > 0), "relu")

    def sigmoid(self):
        s = 1 / (1 + math.exp(-self.data))
        return self.unary(s, s * (1 - s), "sigmoid")

    def backward(self):
        order, visited = [], set()

        def visit(value):
            if value not in visited:
                visited.add(value)
                for child in value._children:
                    visit(child)
                order.append(value)

        visit(self)
        self.grad = 1
        for value in reversed(order):
            value._backward()

    __radd__ = __add__
    __rmul__ = __mul__
    __neg__ = lambda self: self * -1
    __sub__ = lambda self, other: self + (-other)
    __rsub__ = lambda self, other: other + (-self)
    __truediv__ = lambda self, other: self * other**-1


class LocalGradientValue:
    """A Value in microgpt's design."""

    __slots__ = ("_children", "_local_gradients", "data", "grad")

    def __init__(self, data, children=(), local_gradients=()):
        self.data = data
        self.grad = 0
        self._children = children
        self._local_gradients = local_gradients

    def __add__(self, other):
        other = other if isinstance(other, LocalGradientValue) else LocalGradientValue(other)
        return LocalGradientValue(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, LocalGradientValue) else LocalGradientValue(other)
        return LocalGradientValue(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, exponent):
        slope = exponent * self.data ** (exponent - 1)
        return LocalGradientValue(self.data**exponent, (self,), (slope,))

    def tanh(self):
        t = math.tanh(self.data)
        return LocalGradientValue(t, (self,), (1 - t * t,))

    def exp(self):
        e = math.exp(self.data)
        return LocalGradientValue(e, (self,), (e,))

    def log(self):
        return LocalGradientValue(math.log(self.data), (self,), (1 / self.data,))

    def relu(self):
        return LocalGradientValue(max(0, self.data), (self,), (float(self.data > 0),))

    def sigmoid(self):
        s = 1 / (1 + math.exp(-self.data))
        return LocalGradientValue(s, (self,), (s * (1 - s),))

    def backward(self):
        order, visited = [], set()

        def visit(value):
            if value not in visited:
                visited.add(value)
                for child in value._children:
                    visit(child)
                order.append(value)

        visit(self)
        self.grad = 1
        for value in reversed(order):
            for child, local in zip(value._children, value._local_gradients):
                child.grad += local * value.grad

    __radd__ = __add__
    __rmul__ = __mul__
    __neg__ = lambda self: self * -1
    __sub__ = lambda self, other: self + (-other)
    __rsub__ = lambda self, other: other + (-self)
    __truediv__ = lambda self, other: self * other**-1
