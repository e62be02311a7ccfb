"""The training of examples/microgpt.py by its peers: NumPy by hand, JAX, PyTorch, ddx-ad.

Each function returns what trains for a number of steps, from the same weights over the same names,
and returns losses, weights, and both means of Adam, as vectors; weights lie as in
tests/gpt_in_numpy.py.
"""

import math
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import gpt_in_numpy as by_hand
import numpy as np

RATE, STEPS = 0.01, 1000  # the rate falls to 0 in so many steps
A, B, TINY = 0.85, 0.99, 1e-8
WIDTH, HEADS = by_hand.WIDTH, by_hand.HEADS
THREE = "queries", "keys", "values"


@dataclass(frozen=True)
class Names:
    """What is learned from: 17 tokens for each name, and how many of them have a next one."""

    tokens: np.ndarray
    positions: np.ndarray
    weights: np.ndarray  # those before the first step

    @property
    def longest(self):
        """How many positions a program for any of them must have."""
        return int(self.positions.max())

    def rows(self):
        """Return the tokens of each name, without those that fill its row up."""
        pairs = zip(self.tokens, self.positions, strict=True)
        return [row[: n + 1] for row, n in pairs]


def rate_of(step):
    """Return the learning rate of a step, from 0 on."""
    return RATE * (1 - step / STEPS)


def in_numpy(names):
    """Return what trains by NumPy, with slopes worked out by hand."""
    rows = names.rows()

    def run(steps):
        weights, losses = names.weights, []
        means = squares = np.zeros_like(weights)
        for s in range(steps):
            loss, slopes = by_hand.loss_and_slopes(weights, rows[s])
            weights, means, squares = by_hand.adam(
                weights, means, squares, slopes, rate_of(s), s + 1
            )
            losses.append(loss)
        return losses, weights, means, squares

    return run


# -- JAX -----------------------------------------------------------------------------------------


def step_of_jax(longest):
    """Return JAX, and a step, (state, (tokens, positions, number)) → (state, loss), not jitted."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def normalized(x):
        return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-5)

    def loss(weights, tokens, positions):
        w = by_hand.matrices(weights)
        first = normalized(w["tokens"][tokens[:longest]] + w["positions"][:longest])
        asked = normalized(first)
        q, k, v = ((asked @ w[name].T).reshape(longest, HEADS, -1) for name in THREE)
        matches = jnp.einsum("thi,shi->hts", q, k) / math.sqrt(WIDTH // HEADS)
        matches = jnp.where(np.tri(longest, dtype=bool), matches, -jnp.inf)
        found = jnp.einsum("hts,shi->thi", jax.nn.softmax(matches), v).reshape(longest, WIDTH)
        x = found @ w["heads"].T + first
        x = jnp.maximum(normalized(x) @ w["widen"].T, 0.0) @ w["narrow"].T + x
        likely = jax.nn.log_softmax(x @ w["scores"].T)
        following = jnp.take_along_axis(likely, tokens[1 : longest + 1, None], axis=1)[:, 0]
        return -jnp.sum(jnp.where(jnp.arange(longest) < positions, following, 0.0)) / positions

    def step(state, name):
        weights, means, squares = state
        tokens, positions, s = name
        value, slopes = jax.value_and_grad(loss)(weights, tokens, positions)
        means = A * means + (1 - A) * slopes
        squares = B * squares + (1 - B) * slopes * slopes
        m, v = means / (1 - A ** (s + 1)), squares / (1 - B ** (s + 1))
        weights = weights - rate_of(s) * m / (jnp.sqrt(v) + TINY)
        return (weights, means, squares), value

    return jax, step


def in_jax(names):
    """Return what trains by one call of a jitted step for each name, filled up to the longest."""
    jax, plain_step = step_of_jax(names.longest)
    step = jax.jit(plain_step, donate_argnums=0)
    positions = names.positions.astype(float)
    given = [(t, n, float(s)) for s, (t, n) in enumerate(zip(names.tokens, positions, strict=True))]

    def run(steps):
        state, losses = first_of_jax(jax, names), []
        for s in range(steps):
            state, loss = step(state, given[s])
            losses.append(loss)
        return [np.array(losses), *map(np.array, state)]

    return run


def in_jax_at_once(names):
    """Return what trains by one call of a jitted scan over all steps."""
    jax, step = step_of_jax(names.longest)
    train = jax.jit(lambda state, given: jax.lax.scan(step, state, given), donate_argnums=0)

    def run(steps):
        numbers = np.arange(steps, dtype=float)
        given = names.tokens[:steps], names.positions[:steps].astype(float), numbers
        state, losses = train(first_of_jax(jax, names), given)
        return [np.array(losses), *map(np.array, state)]

    return run


def first_of_jax(jax, names):
    """Return weights and empty means in arrays of JAX."""
    nothing = np.zeros_like(names.weights)
    return tuple(map(jax.numpy.array, (names.weights, nothing, nothing)))


# -- PyTorch -------------------------------------------------------------------------------------


def in_compiled_torch(names):
    """Return what trains by torch.compile, each name filled up to the longest."""
    return in_torch(names, compiled=True)


def in_torch(names, *, compiled=False):
    """Return what trains by PyTorch."""
    import torch

    torch.set_num_threads(1)
    loss = torch.compile(loss_of_torch) if compiled else loss_of_torch
    filled = [name_for_torch(torch, names, s, filled=compiled) for s in range(len(names.tokens))]

    def run(steps):
        w = {
            name: torch.tensor(matrix).requires_grad_()
            for name, matrix in by_hand.matrices(names.weights).items()
        }
        parameters, losses = list(w.values()), []
        adam = torch.optim.Adam(parameters, lr=RATE, betas=(A, B), eps=TINY, fused=True)
        for s in range(steps):
            adam.zero_grad()
            value = loss(w, *filled[s])
            value.backward()
            adam.param_groups[0]["lr"] = rate_of(s)
            adam.step()
            losses.append(value.detach())
        means, squares = (
            np.concatenate([adam.state[p][key].numpy().ravel() for p in parameters])
            for key in ("exp_avg", "exp_avg_sq")
        )
        weights = np.concatenate([p.detach().numpy().ravel() for p in parameters])
        return np.array(torch.stack(losses)), weights, means, squares

    return run


def name_for_torch(torch, names, s, *, filled):
    """Return the tokens of a name, and those that follow; −1 follows what only fills it up."""
    n = int(names.positions[s])
    tokens = torch.tensor(names.tokens[s], dtype=torch.long)
    if not filled:
        return tokens[:n], tokens[1 : n + 1]
    following = torch.full((names.longest,), -1)
    following[:n] = tokens[1 : n + 1]
    return tokens[: names.longest], following


def loss_of_torch(w, tokens, following):
    """Return the loss of a name."""
    from torch.nn import functional

    def normalized(x):
        return x * (x * x).mean(-1, keepdim=True).add(1e-5).rsqrt()

    n = len(tokens)
    first = normalized(w["tokens"][tokens] + w["positions"][:n])
    asked = normalized(first)
    q, k, v = (
        functional.linear(asked, w[name]).view(n, HEADS, -1).transpose(0, 1) for name in THREE
    )
    found = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    x = functional.linear(found.transpose(0, 1).reshape(n, WIDTH), w["heads"]) + first
    hidden = functional.relu(functional.linear(normalized(x), w["widen"]))
    x = functional.linear(hidden, w["narrow"]) + x
    scores = functional.linear(x, w["scores"])
    return functional.cross_entropy(scores, following, ignore_index=-1)


# -- ddx-ad --------------------------------------------------------------------------------------


def in_compiled_ddx(names):
    """Return what finds loss and slopes of the first name by machine code."""
    return in_ddx(names, compiled=True)


def in_ddx(names, *, compiled=False):
    """Return what finds loss and slopes of the first name, whose tokens are in the program."""
    import ddx

    tokens = names.rows()[0].tolist()

    def model():
        numbers = np.empty(by_hand.WEIGHTS, dtype=object)
        for i in range(len(numbers)):  # one by one: NumPy takes them for rows
            numbers[i] = ddx.var(f"w{i}")
        w = {name: matrix.tolist() for name, matrix in by_hand.matrices(numbers).items()}
        return loss_of_ddx(ddx, w, tokens)

    equation = ddx.equation(model)
    if compiled:
        equation.compile(cache_dir="")
    else:
        equation.options = ddx.Options(backend=ddx.Backend.INTERPRET)
    call = equation.buffer(names.weights.copy())

    def run(times):
        for _ in range(times):
            call()
        return [call.value], np.array(call.jacobian)

    return run


def loss_of_ddx(ddx, w, tokens):
    """Return the loss of a name, number by number; nothing is subtracted in a softmax."""

    def transformed(matrix, x):
        return [sum(a * b for a, b in zip(row, x, strict=True)) for row in matrix]

    def normalized(x):
        scale = (sum(a * a for a in x) / len(x) + 1e-5) ** -0.5
        return [a * scale for a in x]

    def added(x, y):
        return [a + b for a, b in zip(x, y, strict=True)]

    size = WIDTH // HEADS
    losses, keys, values = [], [], []
    for place, (token, following) in enumerate(pairwise(tokens)):
        first = normalized(added(w["tokens"][token], w["positions"][place]))
        asked = normalized(first)
        query = transformed(w["queries"], asked)
        keys.append(transformed(w["keys"], asked))
        values.append(transformed(w["values"], asked))
        found = []
        for i in range(0, WIDTH, size):
            own = slice(i, i + size)
            powers = [
                ddx.exp(sum(a * b for a, b in zip(query[own], key[own], strict=True)) / size**0.5)
                for key in keys
            ]
            shares = [power / sum(powers) for power in powers]
            columns = zip(*[value[own] for value in values], strict=True)
            found += [sum(a * b for a, b in zip(shares, c, strict=True)) for c in columns]
        x = added(transformed(w["heads"], found), first)
        wide = transformed(w["widen"], normalized(x))
        hidden = [ddx.select(h > 0.0, h, 0.0 * h) for h in wide]
        x = added(transformed(w["narrow"], hidden), x)
        scores = transformed(w["scores"], x)
        losses.append(ddx.log(sum(map(ddx.exp, scores))) - scores[following])
    return sum(losses) / len(losses)
