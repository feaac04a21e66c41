"""Cells of data in their distribution given all others, latents integrated out: SciPy's negative binomial, beta-binomial, Lomax,
Student's t and log-normal distributions, and its quadrature where there is none. predictive.py > predictive.json"""
import json

import numpy as np
from scipy import integrate, stats


def told(law, values):
    """log P(X < x), log P(X <= x), log P(X >= x), log P(X > x), mean and sd; laws and values in pairs."""
    out = []
    for d, x in zip(law, values):
        before = x - 1 if isinstance(x, int) else x
        tails = [d.logcdf(before), d.logcdf(x), d.logsf(before), d.logsf(x)]
        mean, var = d.stats(moments='mv')
        out.append([float(v) if np.isfinite(v) else None for v in (*tails, mean, np.sqrt(var))])
    return out


def groups(keys):
    """For each row the others of its group."""
    return [[j for j, other in enumerate(keys) if other == key and j != i] for i, key in enumerate(keys)]


class Summed:
    """A law over 0, …, n whose upper tail is added up too: SciPy's is what is left to 1."""

    def __init__(self, law, n):
        self.mass, self.stats = law.pmf(np.arange(n + 1)), law.stats

    def logcdf(self, x):
        return np.log(self.mass[: x + 1].sum())

    def logsf(self, x):
        return np.log(self.mass[x + 1 :].sum())


cases = {}

# counts: groups that share a rate, and rows alone; shapes far below and above 1
for name, a, b, counts in [
    ('small', 0.3, 0.8, [0, 3, 1, 7, 0, 0, 12, 5000]),
    ('middle', 2.5, 0.01, [150, 120, 900, 0, 310, 280, 1, 40]),
    ('large', 1e4, 10, [1003, 940, 1100, 998, 1021, 3020, 860, 1500]),
]:
    g, t = list('aaabbcde'), [1, 2, 0.5, 1, 1, 3, 1, 1]
    law = [
        stats.nbinom(a + sum(counts[j] for j in o), (b + sum(t[j] for j in o)) / (b + sum(t[j] for j in o) + t[i]))
        for i, o in enumerate(groups(g))
    ]
    cases[f'counts {name}'] = {'a': a, 'b': b, 'g': g, 't': t, 'y': counts, 'told': told(law, counts)}

for name, a, b, n, y in [
    ('small', 0.3, 0.2, [10, 12, 9, 30, 40], [10, 9, 0, 30, 3]),
    ('large', 1e4, 2e4, [10, 500, 9, 30, 400], [4, 180, 0, 30, 90]),
]:
    g = list('aabcd')
    law = [
        Summed(stats.betabinom(n[i], a + sum(y[j] for j in o), b + sum(n[j] - y[j] for j in o)), n[i])
        for i, o in enumerate(groups(g))
    ]
    cases[f'successes {name}'] = {'a': a, 'b': b, 'g': g, 'n': n, 'y': y, 'told': told(law, y)}

# waiting times with rates of their own, and of groups: Lomax
a, b, g, x = 0.9, 2.0, list('aaabc'), [0.4, 3.0, 1.1, 0.02, 250.0]
law = [stats.lomax(a + len(o), scale=b + sum(x[j] for j in o)) for o in groups(g)]
cases['times'] = {'a': a, 'b': b, 'g': g, 'x': x, 'told': told(law, x)}

# a precision, and a variance, of a row's own: Student's t
m, s, df, x = 0.4, 1.3, 3.0, [0.5, -2.0, 9.0, 400.0]
cases['spreads'] = {'m': m, 's': s, 'df': df, 'x': x, 'told': told([stats.t(df, m, s)] * 4, x)}

# means and precisions of groups: Student's t with what the others of the group say (Bernardo and Smith 2000, section 5.2)
a, b, k, m0, g, y = 0.9, 1.3, 0.4, 0.3, list('aaabbc'), [1.0, 2.0, -1.5, 40.0, 3.0, 0.5]
law = []
for o in groups(g):
    others = np.array([y[j] for j in o])
    mean = others.mean() if o else 0
    weight, shape = k + len(o), a + len(o) / 2
    rate = b + ((others - mean) ** 2).sum() / 2 + k * len(o) * (mean - m0) ** 2 / (2 * weight)
    law.append(stats.t(2 * shape, (k * m0 + len(o) * mean) / weight, np.sqrt(rate * (weight + 1) / (shape * weight))))
cases['means'] = {'a': a, 'b': b, 'k': k, 'm0': m0, 'g': g, 'y': y, 'told': told(law, y)}

# a Normal mean under a logarithm: log-normal given the others of the group
m, s, tau, g, x = 0.7, 0.5, 0.8, list('aaabbc'), [1.0, 2.5, 1.7, 0.4, 9.0, 3.0]
law = []
for i, o in enumerate(groups(g)):
    precision = 1 / tau**2 + len(o) / s**2
    mean = sum(np.log(x[j]) - m for j in o) / s**2 / precision
    law.append(stats.lognorm(np.sqrt(s**2 + 1 / precision), scale=np.exp(m + mean)))
cases['logs'] = {'m': m, 's': s, 'tau': tau, 'g': g, 'x': x, 'told': told(law, x)}

# two kinds of groups, each with rates of its own kind
pi, a, b, g, y = [0.3, 0.7], [3.0, 40.0], [1.0, 1.5], list('aaabbcd'), [3, 5, 4, 30, 25, 28, 0]
out = []
for i, o in enumerate(groups(g)):
    kinds, weights = [], []
    for k in range(2):
        shape, rate, weight = a[k], b[k], np.log(pi[k])
        for j in o:
            weight += stats.nbinom(shape, rate / (rate + 1)).logpmf(y[j])
            shape, rate = shape + y[j], rate + 1
        kinds.append(stats.nbinom(shape, rate / (rate + 1)))
        weights.append(weight)
    w = np.exp(np.array(weights) - max(weights))
    w /= w.sum()
    mix = lambda f: float(np.log(sum(v * f(d) for v, d in zip(w, kinds))))
    mean = sum(v * d.mean() for v, d in zip(w, kinds))
    second = sum(v * (d.var() + d.mean() ** 2) for v, d in zip(w, kinds))
    tails = [lambda d: d.cdf(y[i] - 1), lambda d: d.cdf(y[i]), lambda d: d.sf(y[i] - 1), lambda d: d.sf(y[i])]
    out.append([*map(mix, tails), float(mean), float(np.sqrt(second - mean**2))])
cases['kinds'] = {'pi': pi, 'a': a, 'b': b, 'g': g, 'y': y, 'told': [[v if np.isfinite(v) else None for v in r] for r in out]}

# Normal intercepts, and intercepts with slopes, under a logarithm: by quadrature
s, m, g, y = 0.9, 0.4, list('aaabbc'), [0, 3, 2, 9, 14, 1]
out = []
for i, o in enumerate(groups(g)):
    rest = lambda u: stats.norm.pdf(u, 0, s) * np.prod([stats.poisson.pmf(y[j], np.exp(m + u)) for j in o])
    of = lambda f: integrate.quad(lambda u: rest(u) * f(np.exp(m + u)), -9, 9, epsabs=0, epsrel=1e-12, limit=500, points=[0, 1, 2])[0]
    whole = of(lambda r: 1)
    p = [of(lambda r, x=x: stats.poisson.cdf(x, r)) / whole for x in (y[i] - 1, y[i])]
    q = [of(lambda r, x=x: stats.poisson.sf(x, r)) / whole for x in (y[i] - 1, y[i])]
    mean = of(lambda r: r) / whole
    sd = np.sqrt(of(lambda r: r + (r - mean) ** 2) / whole)
    out.append([float(np.log(v)) if v > 0 else None for v in (*p, *q)] + [float(mean), float(sd)])
cases['intercepts'] = {'s': s, 'm': m, 'g': g, 'y': y, 'told': out}

s, tau, m, g, x, y = 0.7, 0.5, 0.4, list('aaabb'), [-1, 0, 1, -0.5, 1], [0, 3, 2, 1, 30]
out = []
for i, o in enumerate(groups(g)):
    rate = lambda u, v, j: np.exp(m + u + v * x[j])
    step = np.linspace(-6, 6, 961)
    u, v = np.meshgrid(step, step)
    rest = np.exp(-((u / s) ** 2 + (v / tau) ** 2) / 2) * np.prod([stats.poisson.pmf(y[j], rate(u, v, j)) for j in o], axis=0)
    rest /= rest.sum()
    own = rate(u, v, i)
    of = lambda f: float((rest * f).sum())
    mean = of(own)
    tails = [of(stats.poisson.cdf(c, own)) for c in (y[i] - 1, y[i])] + [of(stats.poisson.sf(c, own)) for c in (y[i] - 1, y[i])]
    out.append([float(np.log(p)) if p > 0 else None for p in tails] + [mean, float(np.sqrt(of(own + (own - mean) ** 2)))])
cases['slopes'] = {'s': s, 'tau': tau, 'm': m, 'g': g, 'x': x, 'y': y, 'told': out}

# angles of one of two kinds, on the turn from -pi: a mixture, and values some turns away
pi, m, k, x = [0.4, 0.6], [2.8, -0.5], [3.0, 0.7], [0.1, -3.1, 3.0, 2.2, 9.0, -20.5, -0.6]
out = []
for angle in x:
    at = (angle + np.pi) % (2 * np.pi) - np.pi
    arc = lambda a, b: sum(w * (stats.vonmises(c, c0).cdf(b) - stats.vonmises(c, c0).cdf(a)) for w, c0, c in zip(pi, m, k))
    below, above = np.log(arc(-np.pi, at)), np.log(arc(at, np.pi))
    out.append([float(v) for v in (below, below, above, above)] + [None, None])
cases['angles'] = {'pi': pi, 'm': m, 'k': k, 'x': x, 'told': out}

# coordinates of vectors with heavy tails are Student's t
df, m, S, x = 2.7, [1.0, -2.0], [[2.0, 0.6], [0.6, 0.5]], [[1.2, -3.0], [40.0, -2.1], [-1.0, 9.0]]
law = [stats.t(df, m[i], np.sqrt(S[i][i])) for _ in x for i in range(2)]
cases['robust vectors'] = {'df': df, 'm': m, 'S': S, 'x': x, 'told': told(law, [v for row in x for v in row])}

print(json.dumps(cases, indent=1))
