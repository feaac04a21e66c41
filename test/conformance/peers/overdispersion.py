"""Counts with proportions of their own: the Dirichlet-multinomial of SciPy, maximised directly from several starts."""
import pathlib

import numpy as np
import scipy
from scipy.optimize import minimize
from scipy.stats import dirichlet_multinomial

HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples' / 'overdispersion'
rows = np.array([[int(v) for v in line.split(',')] for line in (HERE / 'alleles.csv').read_text().split()[1:]])


def loss(v):
    return -sum(dirichlet_multinomial(np.exp(v), int(row.sum())).logpmf(row) for row in rows)


ends = [minimize(loss, np.random.default_rng(seed).normal(0, 1, 8), method='BFGS', options={'gtol': 1e-8}) for seed in range(10)]
ends = [minimize(loss, e.x, method='Nelder-Mead', options={'xatol': 1e-9, 'fatol': 1e-12, 'maxiter': 50000, 'maxfev': 50000}) for e in ends[:3]] + ends
best = min(ends, key=lambda e: e.fun)
print('logLik', -best.fun, 'reached by', sum(e.fun < best.fun + 1e-5 for e in ends), 'of', len(ends))
print('a', np.exp(best.x).tolist(), '(Lange, Table 3.5: .11 4.63 7.33 2.97 5.32 5.26 .27 .10)')
print('SciPy', scipy.__version__)
