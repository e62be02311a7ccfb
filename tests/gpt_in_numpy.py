"""The GPT of examples/microgpt.py on arrays of NumPy, with slopes worked out by hand.

All weights lie in one vector, matrix by matrix in the order of SHAPES: so they do in the C that the
benchmark compares with, too.
"""

import math

import numpy as np

WIDTH, HEADS, TOKENS, LONGEST = 16, 4, 27, 16
SHAPES = {
    "tokens": (TOKENS, WIDTH),
    "positions": (LONGEST, WIDTH),
    "queries": (WIDTH, WIDTH),
    "keys": (WIDTH, WIDTH),
    "values": (WIDTH, WIDTH),
    "heads": (WIDTH, WIDTH),
    "widen": (4 * WIDTH, WIDTH),
    "narrow": (WIDTH, 4 * WIDTH),
    "scores": (TOKENS, WIDTH),
}
WEIGHTS = sum(rows * columns for rows, columns in SHAPES.values())


def matrices(vector):
    """Return the matrices that lie in a vector, by name; they are views."""
    found, start = {}, 0
    for name, (rows, columns) in SHAPES.items():
        found[name] = vector[start : start + rows * columns].reshape(rows, columns)
        start += rows * columns
    return found


def vector(tree):
    """Return nested lists of all matrices as one vector."""
    return np.concatenate([np.ravel(tree[name]) for name in SHAPES])


def loss_and_slopes(weights, tokens):
    """Return the loss of a name, given as an array of tokens with boundaries, and all slopes."""
    w, slopes = matrices(weights), np.zeros(WEIGHTS)
    d = matrices(slopes)
    now, following = tokens[:-1], tokens[1:]
    n = len(now)
    places = np.arange(n)

    embedded = w["tokens"][now] + w["positions"][:n]
    first, scale_of_embedded = normalized(embedded)
    asked, scale_of_first = normalized(first)
    q, k, v = (in_heads(asked @ w[name].T) for name in ("queries", "keys", "values"))
    matches = q @ k.transpose(0, 2, 1) / math.sqrt(WIDTH // HEADS)
    matches[:, places[:, None] < places] = -np.inf  # nobody looks ahead
    shares = np.exp(matches - matches.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    found = side_by_side(shares @ v)
    attended = found @ w["heads"].T + first
    normal, scale_of_attended = normalized(attended)
    hidden = np.maximum(normal @ w["widen"].T, 0.0)
    last = hidden @ w["narrow"].T + attended
    scores = last @ w["scores"].T
    scores -= scores.max(axis=-1, keepdims=True)
    powers = np.exp(scores)
    totals = powers.sum(axis=-1)
    loss = (np.log(totals) - scores[places, following]).mean()

    d_scores = powers / totals[:, None]
    d_scores[places, following] -= 1.0
    d_scores /= n
    d["scores"][:] = d_scores.T @ last
    d_last = d_scores @ w["scores"]
    d["narrow"][:] = d_last.T @ hidden
    d_hidden = d_last @ w["narrow"] * (hidden > 0.0)
    d["widen"][:] = d_hidden.T @ normal
    d_normal = d_hidden @ w["widen"]
    d_attended = d_last + normalized_back(attended, scale_of_attended, d_normal)
    d["heads"][:] = d_attended.T @ found
    d_found = in_heads(d_attended @ w["heads"])
    d_shares = d_found @ v.transpose(0, 2, 1)
    means = (d_shares * shares).sum(axis=-1, keepdims=True)
    d_matches = shares * (d_shares - means) / math.sqrt(WIDTH // HEADS)
    of_each = {
        "queries": d_matches @ k,
        "keys": d_matches.transpose(0, 2, 1) @ q,
        "values": shares.transpose(0, 2, 1) @ d_found,
    }
    d_asked = 0.0
    for name, in_each_head in of_each.items():
        d_product = side_by_side(in_each_head)
        d[name][:] = d_product.T @ asked
        d_asked = d_asked + d_product @ w[name]
    d_first = d_attended + normalized_back(first, scale_of_first, d_asked)
    d_embedded = normalized_back(embedded, scale_of_embedded, d_first)
    np.add.at(d["tokens"], now, d_embedded)
    d["positions"][:n] = d_embedded
    return loss, slopes


def normalized(x):
    """Return the rows scaled such that the mean of their squares is 1, and the scales."""
    scales = 1.0 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-5)
    return x * scales, scales


def normalized_back(x, scales, d_y):
    """Return the slopes in the rows, of those in the rows scaled."""
    along = (d_y * x).mean(axis=-1, keepdims=True)
    return d_y * scales - x * scales**3 * along


def in_heads(rows):
    """Return the part of each head, of rows that have them side by side."""
    return rows.reshape(len(rows), HEADS, -1).transpose(1, 0, 2)


def side_by_side(parts):
    """Return rows of the parts of each head."""
    return parts.transpose(1, 0, 2).reshape(parts.shape[1], WIDTH)


def adam(weights, means, squares, slopes, rate, t):
    """Return weights, means and squares after step number t, from 1 on."""
    means = 0.85 * means + 0.15 * slopes
    squares = 0.99 * squares + 0.01 * slopes * slopes
    m_share, v_share = 1 - 0.85**t, 1 - 0.99**t
    moves = rate * (means / m_share) / (np.sqrt(squares / v_share) + 1e-8)
    return weights - moves, means, squares
