"""Mixtures of von Mises, of Cauchy, of Weibull with censoring, of inverse Gaussian: direct maximisation (SciPy), many starts."""
import csv
import pathlib
import sys

import numpy as np
import scipy
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import cauchy, invgauss, vonmises, weibull_min

HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples'
STARTS = int(sys.argv[1]) if len(sys.argv) > 1 else 40
rng = np.random.default_rng(20261129)


def columns(name):
    with open(HERE / name) as f:
        rows = list(csv.DictReader(f))
    return {k: np.array([float(r[k]) for r in rows]) for k in rows[0]}


def log_weights(v):
    v = np.append(v, 0.0)
    return v - logsumexp(v)


def best(name, k, log_density, starts, bounds, show):
    """log_density(params of one component, its index) -> one number a row; params from `starts()`, flat."""
    def loss(v):
        w, rest = log_weights(v[:k - 1]), v[k - 1:]
        total = -logsumexp([w[j] + log_density(rest, j) for j in range(k)], axis=0).sum()
        return total if np.isfinite(total) else 1e10
    quick = [minimize(loss, np.append(rng.normal(size=k - 1), starts()), method='L-BFGS-B',
                      bounds=[(-9, 9)] * (k - 1) + bounds, options={'maxiter': 2000, 'ftol': 1e-13, 'gtol': 1e-7})
             for _ in range(STARTS if k > 1 else 3)]
    quick.sort(key=lambda f: f.fun)
    fits = quick[1:] + [minimize(loss, quick[0].x, method='Nelder-Mead', options={'maxiter': 6000, 'maxfev': 6000, 'xatol': 1e-10, 'fatol': 1e-12, 'adaptive': True})]
    fits.sort(key=lambda f: f.fun)
    v = fits[0].x
    print(name, repr(-fits[0].fun), 'reached by', sum(f.fun < fits[0].fun + 1e-5 for f in fits), 'of', len(fits))
    print('   w', np.exp(log_weights(v[:k - 1])).round(9).tolist(), show(v[k - 1:]))


print('SciPy', scipy.__version__)

x = columns('wind/wind.csv')['direction']
best('wind, 2', 2, lambda v, j: vonmises.logpdf(x, np.exp(v[2 + j]), loc=v[j]),
     lambda: np.append(rng.uniform(-3, 3, 2), rng.uniform(0, 3, 2)), [(-7, 7)] * 2 + [(-5, 9)] * 2,
     lambda v: {'mean': np.mod(v[:2], 2 * np.pi).round(9).tolist(), 'kappa': np.exp(v[2:]).round(8).tolist()})
x_ = columns('galaxies/galaxies.csv')['velocity']
best('galaxies, 3 Cauchy', 3, lambda v, j: cauchy.logpdf(x_, v[j], np.exp(v[3 + j])),
     lambda: np.append(rng.choice(x_, 3, replace=False), rng.normal(0, 0.7, 3)), [(5, 40)] * 3 + [(np.log(0.1), 4)] * 3,  # below, spikes on single values
     lambda v: {'m': v[:3].round(8).tolist(), 's': np.exp(v[3:]).round(8).tolist()})

d = columns('lifetimes/veteran.csv')
t, died = d['time'], d['status'] == 1
best('veterans, 2 Weibull', 2,
     lambda v, j: np.where(died, weibull_min.logpdf(t, np.exp(v[j]), scale=np.exp(v[2 + j])), weibull_min.logsf(t, np.exp(v[j]), scale=np.exp(v[2 + j]))),
     lambda: np.append(rng.normal(0, 0.5, 2), np.log(t.mean()) + rng.normal(0, 1.5, 2)), [(-3, 1.6)] * 2 + [(-2, 9)] * 2,  # a shape above 5 is a spike on equal times
     lambda v: {'shape': np.exp(v[:2]).round(8).tolist(), 'scale': np.exp(v[2:]).round(7).tolist()})

r = columns('rivers/rivers.csv')['length']
inverse_gaussian = lambda m, l: invgauss.logpdf(r, m / l, scale=l)
best('rivers, 1', 1, lambda v, j: inverse_gaussian(np.exp(v[0]), np.exp(v[1])), lambda: np.log([r.mean(), r.mean()]) + rng.normal(0, 0.3, 2), [(0, 12)] * 2,
     lambda v: {'mu': np.exp(v[0]), 'lambda': np.exp(v[1]), 'closed form': (r.mean(), len(r) / (1 / r - 1 / r.mean()).sum())})
best('rivers, 2', 2, lambda v, j: inverse_gaussian(np.exp(v[j]), np.exp(v[2 + j])),
     lambda: np.log(r.mean()) + np.append(rng.normal(0, 0.7, 2), rng.normal(0.5, 1.2, 2)), [(3, 12)] * 4,
     lambda v: {'mu': np.exp(v[:2]).round(6).tolist(), 'lambda': np.exp(v[2:]).round(6).tolist()})
