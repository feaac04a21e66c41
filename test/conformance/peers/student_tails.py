"""Censored and truncated Student t regressions by SciPy's own tails and optimiser, and its tails of each residual of a plain
one. student_tails.py > student-tails.json"""
import json

import numpy as np
from scipy import optimize, stats

DF = 4
rng = np.random.default_rng(11)
N = 80
x = np.round(rng.normal(size=N), 3)
y = np.round(0.5 + 1.2 * x + 0.7 * rng.standard_t(DF, size=N), 3)
censored = np.maximum(y, 0)
kept = y > -0.5


def maximum(log_likelihood, start):
    """Of log scale last."""
    best = optimize.minimize(lambda p: -log_likelihood(p), start, method="BFGS", options={"gtol": 1e-10})
    return {"params": [*map(float, best.x[:-1]), float(np.exp(best.x[-1]))], "logLikelihood": float(-best.fun)}


def residual(p, of):
    return (of - p[0] - p[1] * x) / np.exp(p[2])


def tobit(p):
    z = residual(p, censored)
    return np.where(censored > 0, stats.t.logpdf(z, DF) - p[2], stats.t.logcdf(z, DF)).sum()


def truncated(p):
    z, low = residual(p, y), residual(p, -0.5)
    return (stats.t.logpdf(z, DF) - p[2] - stats.t.logsf(low, DF))[kept].sum()


def plain(p):
    return (stats.t.logpdf(residual(p, y), DF) - p[2]).sum()


fits = {name: maximum(f, [0, 1, 0]) for name, f in {"tobit": tobit, "truncated": truncated, "plain": plain}.items()}
a, b, s = fits["plain"]["params"]
fits["plain"]["pits"] = stats.t.cdf((y - a - b * x) / s, DF).tolist()
print(json.dumps({"x": x.tolist(), "y": y.tolist(), **fits}))
