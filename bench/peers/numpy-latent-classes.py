"""One EM iteration of latent classes in vectorised NumPy, four ways of which the fastest counts. Arguments: data folder, way.

onehot: log densities and statistics as products with the 0/1 matrix of all item levels (BLAS), made once.
gather: rows of log theta picked by level; statistics by bincount with the responsibilities as weights.
packed: the items of each half of a row as one number of many levels: two tables of probabilities, two look-ups and two
    counts a row; tables by item are their margins, once an iteration.
blocks: as onehot, a few thousand rows at a time, so that what passes between the steps stays in the cache.
"""

import sys

import numpy as np
from serve import blas, load, serve

sizes, arrays, start = load(sys.argv[1])
way = sys.argv[2]
y = arrays["y"]
n, items = y.shape
levels, classes = sizes["L"], sizes["K"]
pi, theta = start["pi"], start["theta"]
column = y + levels * np.arange(items, dtype=np.int32)
onehot = None
if way in ("onehot", "blocks"):
    onehot = np.zeros((n, items * levels))
    onehot[np.arange(n)[:, None], column] = 1
elif way == "gather":
    by_item = [np.ascontiguousarray(y[:, j]) for j in range(items)]


def softmax(score):
    """Responsibilities in place of scores; the sum of the log normalisers."""
    top = score.max(axis=1, keepdims=True)
    score -= top
    np.exp(score, out=score)
    total = score.sum(axis=1, keepdims=True)
    score /= total
    return float(np.log(total).sum() + top.sum())


def whole():
    flat = np.log(theta).reshape(classes, items * levels)
    resp = onehot @ flat.T
    resp += np.log(pi)
    objective = softmax(resp)
    return objective, resp.sum(axis=0), (resp.T @ onehot).reshape(classes, items, levels)


def gather():
    flat = np.log(theta)
    resp = np.take(np.ascontiguousarray(flat[:, 0, :].T) + np.log(pi), by_item[0], axis=0)
    for j in range(1, items):
        resp += np.take(np.ascontiguousarray(flat[:, j, :].T), by_item[j], axis=0)
    objective = softmax(resp)
    counts = np.empty((classes, items, levels))
    for k in range(classes):
        weights = np.ascontiguousarray(resp[:, k])
        for j in range(items):
            counts[k, j] = np.bincount(by_item[j], weights, levels)
    return objective, resp.sum(axis=0), counts


def blocks(size=8192):
    flat = np.ascontiguousarray(np.log(theta).reshape(classes, items * levels).T)
    objective, mass, counts = 0.0, np.zeros(classes), np.zeros((classes, items * levels))
    offset = np.log(pi)
    for at in range(0, n, size):
        part = onehot[at : at + size]
        resp = part @ flat
        resp += offset
        objective += softmax(resp)
        mass += resp.sum(axis=0)
        counts += resp.T @ part
    return objective, mass, counts.reshape(classes, items, levels)


halves = [np.arange(items)[: items // 2], np.arange(items)[items // 2 :]]
if way == "packed":
    codes = [y[:, half] @ (levels ** np.arange(len(half))) for half in halves]
    digits = [(np.arange(levels ** len(half))[:, None] // levels ** np.arange(len(half))) % levels for half in halves]


def packed():
    tables = []
    for half, digit in zip(halves, digits):
        tables.append(np.prod([theta[:, j, :].T[digit[:, i]] for i, j in enumerate(half)], axis=0))
    resp = np.take(tables[0] * pi, codes[0], axis=0)
    resp *= np.take(tables[1], codes[1], axis=0)
    total = resp.sum(axis=1)
    resp /= total[:, None]
    counts = np.empty((classes, items, levels))
    for k in range(classes):
        weights = np.ascontiguousarray(resp[:, k])
        for half, code, digit in zip(halves, codes, digits):
            joint = np.bincount(code, weights, levels ** len(half))
            for i, j in enumerate(half):
                counts[k, j] = np.bincount(digit[:, i], joint, levels)
    return float(np.log(total).sum()), resp.sum(axis=0), counts


expect = {"onehot": whole, "gather": gather, "blocks": blocks, "packed": packed}[way]
objective, mass, counts = expect()


def step():
    global objective, mass, counts, pi, theta
    pi = mass / n
    theta = counts / counts.sum(axis=2, keepdims=True)
    objective, mass, counts = expect()
    return objective


serve(step, objective, {"numpy": np.__version__, "blas": blas()})
