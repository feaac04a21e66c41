"""One EM iteration of a mixture of linear regressions in vectorised NumPy, three ways of which the fastest counts. Arguments: data folder, way.

products: the squared residual expands into products of covariates and response; these are made once, and both steps are one matrix product (BLAS).
blocks: the same, a few thousand rows at a time, so that what passes between the steps stays in the cache.
rows: residuals, and the weighted normal equations of each component.
"""

import sys

import numpy as np
from serve import blas, load, serve

sizes, arrays, start = load(sys.argv[1])
way = sys.argv[2]
x, y = arrays["x"], arrays["y"]
n, width = x.shape
components = sizes["K"]
pi, beta, sigma = start["pi"], start["beta"], start["sigma"]
# (x, y) as one row; products of its elements i ≤ j are features, those off the diagonal once
both = np.column_stack([x, y])
upper = np.triu_indices(width + 1)
features = both[:, upper[0]] * both[:, upper[1]] if way != "rows" else None


def softmax(score):
    """Responsibilities in place of scores; the sum of the log normalisers."""
    top = score.max(axis=1, keepdims=True)
    score -= top
    np.exp(score, out=score)
    total = score.sum(axis=1, keepdims=True)
    score /= total
    return float(np.log(total).sum() + top.sum())


def coefficients():
    """log density = offset + coefficients · features, from (y − βx)² = cᵀ(x, y)(x, y)ᵀc with c = (−β, 1)."""
    c = np.column_stack([-beta, np.ones(components)])
    square = c[:, upper[0]] * c[:, upper[1]] * np.where(upper[0] == upper[1], 1, 2)
    return np.log(pi) - np.log(sigma) - 0.5 * np.log(2 * np.pi), square / (-2 * sigma[:, None] ** 2)


def products():
    offset, weights = coefficients()
    resp = features @ weights.T
    resp += offset
    objective = softmax(resp)
    return objective, resp.sum(axis=0), resp.T @ features


def blocks(size=8192):
    offset, weights = coefficients()
    weights = np.ascontiguousarray(weights.T)
    objective, mass, sums = 0.0, np.zeros(components), np.zeros((components, len(upper[0])))
    for at in range(0, n, size):
        part = features[at : at + size]
        resp = part @ weights
        resp += offset
        objective += softmax(resp)
        mass += resp.sum(axis=0)
        sums += resp.T @ part
    return objective, mass, sums


def rows():
    resp = y[:, None] - x @ beta.T
    np.square(resp, out=resp)
    resp /= -2 * sigma**2
    resp += np.log(pi) - np.log(sigma) - 0.5 * np.log(2 * np.pi)
    objective = softmax(resp)
    sums = np.empty((components, len(upper[0])))
    for k in range(components):
        sums[k] = ((both * resp[:, k : k + 1]).T @ both)[upper]
    return objective, resp.sum(axis=0), sums


expect = {"products": products, "blocks": blocks, "rows": rows}[way]
objective, mass, sums = expect()


def step():
    global objective, mass, sums, pi, beta, sigma
    pi = mass / n
    moments = np.empty((components, width + 1, width + 1))
    moments[:, upper[0], upper[1]] = sums
    moments[:, upper[1], upper[0]] = sums
    beta = np.linalg.solve(moments[:, :width, :width], moments[:, :width, width:])[:, :, 0]
    c = np.concatenate([-beta, np.ones((components, 1))], axis=1)
    sigma = np.sqrt(np.einsum("ki,kij,kj->k", c, moments, c) / mass)
    objective, mass, sums = expect()
    return objective


serve(step, objective, {"numpy": np.__version__, "blas": blas()})
