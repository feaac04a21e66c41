"""Mixture of unigrams on the parts of a novel: EM from random starts, checked against the direct log-likelihood."""
import pathlib
import sys

import numpy as np
from scipy.special import gammaln, logsumexp
from scipy.stats import multinomial

path = pathlib.Path(__file__).resolve().parents[3] / 'examples' / 'unigrams' / 'pride.csv'
y = np.array([[int(v) for v in line.split(',')] for line in path.read_text().split()[1:]])
coefficient = (gammaln(y.sum(1) + 1) - gammaln(y + 1).sum(1)).sum()


def em(r):
    before = -np.inf
    while True:
        pi = r.mean(0)
        theta = r.T @ y
        theta = theta / theta.sum(1, keepdims=True)
        with np.errstate(divide='ignore'):
            joint = np.log(pi) + y @ np.log(theta).T
        unit = logsumexp(joint, axis=1)
        r = np.exp(joint - unit[:, None])
        if unit.sum() - before < 1e-13 * abs(before):
            return unit.sum() + coefficient, pi, theta
        before = unit.sum()


for K in (2, 3):
    rng = np.random.default_rng(K)
    starts = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    ends = [em(np.eye(K)[np.append(rng.permutation(K), rng.integers(0, K, len(y) - K))[rng.permutation(len(y))]]) for _ in range(starts)]
    best = max(ends, key=lambda e: e[0])
    direct = sum(logsumexp([np.log(p) + multinomial(row.sum(), t).logpmf(row) for p, t in zip(best[1], best[2])]) for row in y)
    print('K =', K, best[0], direct, np.sort(best[1]).round(8), 'reached by', sum(e[0] > best[0] - 1e-4 for e in ends), 'of', starts)
    print(sorted({round(e[0], 2) for e in ends}, reverse=True)[:6])
