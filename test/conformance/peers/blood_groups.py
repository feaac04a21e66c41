"""ABO and its two-locus rival by direct maximisation (SciPy), as counts and one row a person."""
import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

SETS = {'clarke': dict(A=186, B=38, AB=13, O=284), 'textbook': dict(A=38, B=22, AB=9, O=31)}


def abo(v):
    p, q, r = np.exp([*v, 0]) / np.exp([*v, 0]).sum()
    return np.array([p * p + 2 * p * r, q * q + 2 * q * r, 2 * p * q, r * r]), (p, q, r)


def rival(v):
    alpha, beta = 1 / (1 + np.exp(-v))
    a, b = 1 - (1 - alpha) ** 2, 1 - (1 - beta) ** 2
    return np.array([a * (1 - b), (1 - a) * b, a * b, (1 - a) * (1 - b)]), (alpha, beta)


for name, counts in SETS.items():
    n = np.array([counts[k] for k in ('A', 'B', 'AB', 'O')], float)
    coefficient = gammaln(n.sum() + 1) - gammaln(n + 1).sum()
    for cells in (abo, rival):
        for method in ('BFGS', 'Nelder-Mead'):
            options = {'gtol': 1e-10} if method == 'BFGS' else {'xatol': 1e-12, 'fatol': 1e-14, 'maxiter': 10000}
            fit = minimize(lambda v: -(n * np.log(cells(v)[0])).sum(), [-1.0, -1.0], method=method, options=options)
            print(name, cells.__name__, method, np.round(cells(fit.x)[1], 9), 'counts', round(coefficient - fit.fun, 9), 'people', round(-fit.fun, 9))
