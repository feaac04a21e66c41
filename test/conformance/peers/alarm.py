"""The alarm network: direct maximisation of the marginal likelihood (SciPy) from random starts, checked by EM."""
import itertools
import pathlib

import numpy as np
from scipy.optimize import minimize

path = pathlib.Path(__file__).resolve().parents[3] / 'examples' / 'alarm' / 'nights.csv'
rows = np.array([[int(v) for v in line.split(',')] for line in path.read_text().split()[1:]])
cells = list(itertools.product((0, 1), repeat=4))
counts = np.array([(rows == cell).all(1).sum() for cell in cells], float)
WINDOW, RADIO = (0.05, 0.9), (0.02, 0.85)
states = list(itertools.product((0, 1), repeat=3))


def bern(p, v):
    return p if v else 1 - p


def joint(t, tables):
    """P(cell, burglary, quake, alarm), cells by states."""
    rings = t[2:6].reshape(2, 2) if tables else [[t[2], 1 - (1 - t[2]) * (1 - t[4])], [1 - (1 - t[2]) * (1 - t[3]), 1 - (1 - t[2]) * (1 - t[3]) * (1 - t[4])]]
    john, mary = t[-4:-2], t[-2:]
    return np.array([[bern(t[0], b) * bern(t[1], q) * bern(rings[b][q], a) * bern(WINDOW[b], w) * bern(RADIO[q], r) * bern(john[a], j) * bern(mary[a], m)
                      for b, q, a in states] for w, r, j, m in cells])


def direct(tables, start):
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    fit = minimize(lambda v: -(counts * np.log(joint(sigmoid(v), tables).sum(1))).sum(), np.log(start / (1 - start)), method='L-BFGS-B', options={'maxiter': 5000, 'maxfun': 10 ** 6, 'ftol': 1e-15, 'gtol': 1e-8})
    return -fit.fun, sigmoid(fit.x)


def em(t):
    before = -np.inf
    while True:
        p = joint(t, True)
        total = p.sum(1)
        likelihood = (counts * np.log(total)).sum()
        if likelihood - before < 1e-14 * abs(likelihood):
            return likelihood, t
        before = likelihood
        e = counts[:, None] * p / total[:, None]
        s, c = np.array(states), np.array(cells)
        mass = e.sum(0)
        t = [mass[s[:, 0] == 1].sum() / mass.sum(), mass[s[:, 1] == 1].sum() / mass.sum()]
        for b, q in itertools.product((0, 1), repeat=2):
            here = (s[:, 0] == b) & (s[:, 1] == q)
            t.append(mass[here & (s[:, 2] == 1)].sum() / mass[here].sum())
        for column in (2, 3):
            for a in (0, 1):
                t.append(e[c[:, column] == 1][:, s[:, 2] == a].sum() / mass[s[:, 2] == a].sum())
        t = np.array(t)


rng = np.random.default_rng(11)
for tables in (True, False):
    ends = [direct(tables, rng.uniform(0.05, 0.95, 10 if tables else 9)) for _ in range(25)]
    best = max(ends, key=lambda e: e[0])
    print('tables' if tables else 'noisy-or', best[0], best[1].round(6).tolist(), 'reached by', sum(e[0] > best[0] - 1e-5 for e in ends), 'of', len(ends))
    print(sorted({round(e[0], 3) for e in ends}, reverse=True)[:6])
    if tables:
        print('EM', *[round(em(best[1] * 0.9 + 0.05)[0], 8)], em(rng.uniform(0.2, 0.8, 10))[0])
