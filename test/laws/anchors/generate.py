"""Log densities and moments of every distribution, from SciPy and mpmath, one JSON file each.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scipy mpmath && /tmp/venv/bin/python generate.py

A file has
  source        where the numbers come from
  points        {parametrisations: the same arguments in each parametrisation of the signature, in its order;
                 value; logDensity ("-Infinity" outside the support)}
  moments       {arguments (first parametrisation, and `total` for Multinomial); expectations: {of, value}},
                where `of` lists the elements that are multiplied: [[]] is E[x], [[], []] is E[x^2], [[0], [1]] is
                E[x_0 x_1], [[0, 1]] is E[X_01]. Only expectations whose estimate has finite variance.
"""

import itertools
import json
import math
import pathlib

import mpmath
import mpmath as mp
import numpy as np
import scipy
from scipy import stats

mp.mp.dps = 60
HERE = pathlib.Path(__file__).parent
SOURCE = f"scipy.stats {scipy.__version__}"


def plain(x):
    if isinstance(x, np.ndarray):
        x = x.tolist()
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, (bool, np.bool_)):
        return int(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    x = float(x)
    return x if math.isfinite(x) else ("-Infinity" if x < 0 else "Infinity" if x > 0 else "NaN")


def write(name, points, moments, source=SOURCE):
    lines = lambda rows: ",\n".join(dict.fromkeys("    " + json.dumps(plain(r)) for r in rows))
    assert lines(points).count("\n") >= 19, name
    (HERE / f"{name}.json").write_text(
        f'{{\n  "source": {json.dumps(source)},\n  "points": [\n{lines(points)}\n  ],\n'
        f'  "moments": [\n{lines(moments)}\n  ]\n}}\n'
    )


def point(parametrisations, value, log_density):
    return {"parametrisations": parametrisations, "value": value, "logDensity": log_density}


def scalar(name, cases, distribution, outside=()):
    """cases: (parametrisations, values); `distribution(**first)` is frozen SciPy."""
    points, moments = [], []
    for parametrisations, values in cases:
        frozen = distribution(**parametrisations[0])
        log_density = frozen.logpmf if hasattr(frozen.dist, "logpmf") else frozen.logpdf
        for value in (*values, *outside):
            if not np.isposinf(log_density(value)):
                points.append(point(parametrisations, value, log_density(value)))
        expectations = []
        if np.isfinite(frozen.moment(2)):
            expectations.append({"of": [[]], "value": frozen.moment(1)})
        if np.isfinite(frozen.moment(4)):
            expectations.append({"of": [[], []], "value": frozen.moment(2)})
        moments.append({"arguments": parametrisations[0], "expectations": expectations})
    write(name, points, moments)


def logit(p):
    return math.log(p) - math.log1p(-p)


def continuous():
    scalar(
        "normal",
        [
            ([{"mean": m, "sd": s}, {"mean": m, "var": s * s}, {"mean": m, "precision": 1 / (s * s)}], values)
            for m, s, values in [
                (0, 1, (-8, -1.5, 0, 0.25, 3)),
                (2.5, 0.5, (-1, 2, 2.5, 2.75, 6)),
                (-100, 12, (-150, -100, -99.5, 0, 40)),
                (1e-3, 1e-2, (-0.05, 0, 0.001, 0.02, 0.2)),
            ]
        ],
        lambda mean, sd: stats.norm(mean, sd),
    )
    scalar(
        "log-normal",
        [
            ([{"mean": m, "sd": s}], values)
            for m, s, values in [
                (0, 1, (1e-3, 0.5, 1, 2, 30)),
                (1.5, 0.25, (1, 3, 4.5, 5, 12)),
                (-2, 0.7, (1e-4, 0.05, 0.1, 0.2, 2)),
                (3, 0.1, (10, 18, 20, 21, 40)),
            ]
        ],
        lambda mean, sd: stats.lognorm(sd, scale=math.exp(mean)),
        outside=(-1,),
    )
    scalar(
        "gamma",
        [
            ([{"shape": a, "rate": r}, {"shape": a, "scale": 1 / r}], values)
            for a, r, values in [
                (0.5, 2, (1e-4, 0.1, 0.5, 1, 8)),
                (1, 0.25, (0, 0.01, 1, 4, 50)),
                (3.7, 1, (0.01, 1, 3, 4, 20)),
                (40, 8, (1, 4, 5, 6, 15)),
                (2, 16, (0.001, 0.1, 0.2, 1)),
            ]
        ],
        lambda shape, rate: stats.gamma(shape, scale=1 / rate),
        outside=(-0.5,),
    )
    scalar(
        "inverse-gamma",
        [
            ([{"shape": a, "scale": b}], values)
            for a, b, values in [
                (0.8, 2, (0.05, 0.5, 1, 10, 500)),
                (3, 1, (0.02, 0.2, 0.5, 1, 20)),
                (6.5, 4, (0.1, 0.5, 0.7, 1, 6)),
                (30, 60, (0.5, 1.9, 2, 2.2, 5)),
            ]
        ],
        lambda shape, scale: stats.invgamma(shape, scale=scale),
        outside=(-1,),
    )
    scalar(
        "exponential",
        [([{"rate": r}], values) for r, values in [
            (1, (0, 0.1, 1, 3, 40)), (0.01, (0, 1, 50, 100, 900)), (25, (0, 0.001, 0.04, 0.1, 2)),
            (3.5, (0, 0.05, 0.25, 0.5, 5)),
        ]],
        lambda rate: stats.expon(scale=1 / rate),
        outside=(-1e-3,),
    )
    scalar(
        "beta",
        [([{"a": a, "b": b}], values) for a, b, values in [
            (1, 1, (0, 0.25, 0.5, 1)), (2, 3, (0.001, 0.3, 0.5, 0.99)), (0.6, 0.8, (0.01, 0.3, 0.7, 0.999)),
            (40, 15, (0.3, 0.7, 0.75, 0.9)), (1, 6, (0, 0.1, 0.5, 0.95)), (7.5, 1, (0.05, 0.8, 0.99, 1)),
        ]],
        lambda a, b: stats.beta(a, b),
        outside=(-0.25, 1.25),
    )
    scalar(
        "uniform",
        [([{"low": l, "high": h}], values) for l, h, values in [
            (0, 1, (0, 0.3, 1, 1.5)), (-4, 2.5, (-4, 0, 2.5, -4.01)), (10, 1000, (10, 11, 1000, 9)),
            (-1e-3, 1e-3, (-1e-3, 0, 5e-4, 1e-2)), (5, 5.5, (5, 5.25, 5.5, 6)),
        ]],
        lambda low, high: stats.uniform(low, high - low),
        outside=(-5000, 5000),
    )
    scalar(
        "weibull",
        [([{"shape": k, "scale": s}], values) for k, s, values in [
            (1, 2, (0, 0.1, 1, 3, 40)), (0.6, 1.5, (1e-6, 0.1, 1.5, 4, 60)), (2.5, 10, (0.1, 5, 9, 12, 30)),
            (14, 0.3, (0.05, 0.25, 0.3, 0.32, 0.4)),
        ]],
        lambda shape, scale: stats.weibull_min(shape, scale=scale),
        outside=(-1,),
    )
    scalar(
        "student-t",
        [([{"df": v, "mean": m, "scale": s}], values) for v, m, s, values in [
            (1, 0, 1, (-50, -1, 0, 0.5, 1e4)), (4.5, 2, 0.5, (-3, 1.5, 2, 2.25, 9)), (30, -100, 12, (-160, -110, -100, -99, 0)),
            (0.7, 0.1, 3, (-1e6, -4, 0, 1, 30)), (1e7, 0, 2, (-9, -1, 0, 1.5, 4)),
        ]],
        lambda df, mean, scale: stats.t(df, mean, scale),
    )
    scalar(
        "logistic",
        [([{"location": m, "scale": s}], values) for m, s, values in [
            (0, 1, (-40, -1, 0, 0.5, 700)), (2, 0.25, (-3, 1.9, 2, 2.5, 9)), (-50, 12, (-160, -60, -50, -49, 400)),
            (1e-3, 1e-2, (-0.3, 0, 0.001, 0.02, 0.2)),
        ]],
        lambda location, scale: stats.logistic(location, scale),
    )
    scalar(
        "laplace",
        [([{"location": m, "scale": s}], values) for m, s, values in [
            (0, 1, (-40, -1, 0, 0.5, 700)), (2, 0.25, (-3, 1.9, 2, 2.5, 9)), (-50, 12, (-160, -60, -50, -49, 400)),
            (1e-3, 1e-2, (-0.3, 0, 0.001, 0.02, 0.2)),
        ]],
        lambda location, scale: stats.laplace(location, scale),
    )
    scalar(
        "cauchy",
        [([{"location": m, "scale": s}], values) for m, s, values in [
            (0, 1, (-1e6, -1, 0, 0.5, 700)), (2, 0.25, (-3, 1.9, 2, 2.5, 9)), (-50, 12, (-1600, -60, -50, -49, 400)),
            (1e-3, 1e-2, (-0.3, 0, 0.001, 0.02, 0.2)),
        ]],
        lambda location, scale: stats.cauchy(location, scale),
    )
    scalar(
        "half-normal",
        [([{"sd": s}], values) for s, values in [
            (1, (0, 0.1, 1, 2.5, 30)), (0.02, (0, 1e-3, 0.02, 0.05, 0.2)), (7, (0.5, 3, 7, 12, 40)), (300, (0, 20, 250, 800, 3000)),
        ]],
        lambda sd: stats.halfnorm(scale=sd),
        outside=(-1, -1e-9),
    )
    scalar(
        "pareto",
        [([{"shape": a, "scale": s}], values) for a, s, values in [
            (4.5, 1, (1, 1.5, 3, 40, 1e6)), (2.5, 0.1, (0.1, 0.11, 0.2, 1, 50)), (9, 20, (20, 21, 25, 40, 90)),
            (40, 3, (3, 3.01, 3.1, 3.5, 5)),
        ]],
        lambda shape, scale: stats.pareto(shape, scale=scale),
        outside=(0.05, -2),
    )
    points, moments = [], []
    for m, k in ((0, 1), (2.5, 0), (-1, 0.01), (0.5, 4), (3, 60), (-2, 2500), (1, 1e6), (0.3, 1e10)):
        k_ = mp.mpf(k)
        log_norm = mp.log(2 * mp.pi) + mp.log(mp.besseli(0, k_)) - k_ if k < 1e8 else mp.log(2 * mp.pi / k_) / 2 + mp.log(1 + 1 / (8 * k_))
        for x in (m, m + 1 / math.sqrt(1 + k), m - 3 / math.sqrt(4 + k), m + 2 * math.pi + 0.5 / math.sqrt(1 + k)):
            exact = -2 * k_ * mp.sin((mp.mpf(x) - mp.mpf(m)) / 2) ** 2 - log_norm
            points.append(point([{"mean": m, "concentration": k}], x, float(exact)))
        if k <= 60:  # over one turn around 0
            at = lambda x: mp.exp(k_ * (mp.cos(x - m) - 1) - log_norm)
            pieces = mp.linspace(-mp.pi, mp.pi, 65)
            moments.append({"arguments": {"mean": m, "concentration": k}, "expectations": [
                {"of": [[]] * order, "value": float(mp.quad(lambda x: x**order * at(x), pieces))} for order in (1, 2)]})
    write("von-mises", points, moments, source=f"mpmath {mpmath.__version__}")
    scalar(
        "rayleigh",
        [([{"scale": s}], values) for s, values in [
            (1, (0.01, 0.5, 1, 2, 8)), (0.2, (0.001, 0.1, 0.2, 0.5, 1)), (15, (0.5, 5, 15, 30, 90)),
            (3, (0.1, 2, 3, 4, 20)),
        ]],
        lambda scale: stats.rayleigh(scale=scale),
        outside=(-1,),
    )


def discrete():
    scalar(
        "bernoulli",
        [([{"p": p}, {"logit": logit(p)}], (0, 1)) for p in (0.01, 0.1, 0.25, 0.5, 0.6, 0.75, 0.9, 0.98, 0.999, 0.003)],
        lambda p: stats.bernoulli(p),
        outside=(2, 0.5),
    )
    scalar(
        "binomial",
        [([{"n": n, "p": p}, {"n": n, "logit": logit(p)}], values) for n, p, values in [
            (1, 0.3, (0, 1)), (10, 0.5, (0, 3, 5, 10)), (25, 0.9, (10, 22, 23, 25)), (400, 0.02, (0, 5, 8, 30)),
            (90, 0.6, (30, 54, 60, 90)), (0, 0.4, (0,)), (7, 0.75, (0, 5, 7)),
        ]],
        lambda n, p: stats.binom(n, p),
        outside=(-1, 401, 0.5),
    )
    scalar(
        "poisson",
        [([{"rate": r}, {"log": math.log(r)}], values) for r, values in [
            (0.1, (0, 1, 2, 5)), (1, (0, 1, 3, 9)), (4.5, (0, 4, 5, 20)), (30, (5, 28, 30, 60)),
            (250, (180, 249, 250, 330)),
        ]],
        lambda rate: stats.poisson(rate),
        outside=(-1, 2.5),
    )
    scalar(
        "geometric",
        [([{"p": p}], values) for p, values in [
            (0.1, (0, 1, 9, 60)), (0.5, (0, 1, 2, 20)), (0.9, (0, 1, 2, 6)), (0.02, (0, 10, 50, 400)), (1 / 3, (0, 1, 3, 15)),
        ]],
        lambda p: stats.geom(p, loc=-1),
        outside=(-1, 0.5),
    )
    scalar(
        "negative-binomial",
        [([{"size": r, "mean": m}], values) for r, m, values in [
            (1, 2, (0, 1, 2, 9)), (0.3, 5, (0, 1, 30, 200)), (12, 4, (0, 3, 4, 15)), (2.5, 60, (0, 20, 60, 300)),
            (200, 0.5, (0, 1, 2, 6)), (40, 100, (50, 95, 100, 170)),
        ]],
        lambda size, mean: stats.nbinom(size, size / (size + mean)),
        outside=(-1, 0.5),
    )
    scalar(
        "beta-binomial",
        [([{"n": n, "a": a, "b": b}], values) for n, a, b, values in [
            (1, 2, 3, (0, 1)), (10, 1, 1, (0, 3, 10)), (25, 0.4, 0.7, (0, 1, 13, 25)), (400, 3, 90, (0, 5, 12, 60)),
            (90, 12, 8, (20, 54, 60, 89)), (0, 1.5, 2, (0,)), (30, 400, 150, (15, 21, 22, 30)),
        ]],
        lambda n, a, b: stats.betabinom(n, a, b),
        outside=(-1, 401, 0.5),
    )
    points, moments = [], []
    for p in ([0.2, 0.5, 0.3], [0.25, 0.75], [0.1, 0.2, 0.3, 0.4], [0.05] * 20, [1 / 3, 0, 2 / 3], [0.9, 0.04, 0.01, 0.05]):
        k = np.arange(1, len(p) + 1)
        # logit -> -inf has no finite parameter: such points have the first parametrisation only
        by_logit = [{"logit": [math.log(q) + 0.7 for q in p]}] if min(p) > 0 else []
        frozen = stats.rv_discrete(values=(k, p))
        for value in (0, *k, len(p) + 1):
            points.append(point([{"p": p}, *by_logit], value, frozen.logpmf(value)))
        moments.append({"arguments": {"p": p}, "expectations": [
            {"of": [[]], "value": np.dot(k, p)}, {"of": [[], []], "value": np.dot(k**2, p)}]})
    write("categorical", points, moments)
    points, moments = [], []
    for location, cuts in ((0, [-1, 0.5, 2]), (3, [2.5]), (-2, [-6, -2.2, -2.1, 1]), (40, [0, 41]), (0.7, [-30, -29, 5, 60])):
        below = [mp.mpf(1) / (1 + mp.exp(mp.mpf(location) - mp.mpf(c))) for c in cuts]
        p = [b - a for a, b in zip([0, *below], [*below, 1])]
        for value in (0, *range(1, len(p) + 1), len(p) + 1, 1.5):
            inside = value in range(1, len(p) + 1)
            points.append(point([{"location": location, "cuts": cuts}], value, float(mp.log(p[value - 1])) if inside else -math.inf))
        moments.append({"arguments": {"location": location, "cuts": cuts}, "expectations": [
            {"of": [[]] * order, "value": float(sum(q * (k + 1) ** order for k, q in enumerate(p)))} for order in (1, 2)]})
    write("ordinal", points, moments, source=f"mpmath {mpmath.__version__}")
    points = [point([{"v": v}], x, 0.0 if x == v else -math.inf) for v in (0, 1, -2.5, 7, 1e6) for x in (v, v + 1, v - 0.5, v / 3 + 10)]
    moments = [{"arguments": {"v": v}, "expectations": [{"of": [[]], "value": v}]} for v in (0, -2.5, 7)]
    write("dirac", points, moments, source="definition")


def vectors():
    rng = np.random.default_rng(20240229)

    points, moments = [], []
    for d in (1, 2, 2, 3, 5):
        mean, root = rng.normal(size=d).round(2), rng.normal(size=(d, d)).round(2)
        cov = np.round(root @ root.T + 0.3 * np.eye(d), 6)
        frozen = stats.multivariate_normal(mean, cov)
        arguments = [{"mean": mean, "cov": cov}, {"mean": mean, "precision": np.linalg.inv(cov)}]
        for _ in range(5):
            value = (mean + 2 * rng.normal(size=d)).round(2)
            points.append(point(arguments, value, frozen.logpdf(value)))
        second = cov + np.outer(mean, mean)
        moments.append({"arguments": arguments[0], "expectations": [
            *({"of": [[i]], "value": mean[i]} for i in range(d)),
            *({"of": [[i], [j]], "value": second[i, j]} for i in range(d) for j in range(i + 1))]})
    write("mv-normal", points, moments)

    own = np.random.default_rng(19730101)
    points, moments = [], []
    for d, df in ((1, 3), (2, 6.5), (2, 9), (3, 1.5), (4, 30)):
        mean, root = own.normal(size=d).round(2), own.normal(size=(d, d)).round(2)
        scale = np.round(root @ root.T + 0.3 * np.eye(d), 6)
        frozen = stats.multivariate_t(mean, scale, df=df)
        arguments = {"df": df, "mean": mean, "scale": scale}
        for _ in range(5):
            value = (mean + 3 * own.normal(size=d)).round(2)
            points.append(point([arguments], value, frozen.logpdf(value)))
        expectations = [{"of": [[i]], "value": mean[i]} for i in range(d)] if df > 2 else []
        if df > 4:
            second = df / (df - 2) * scale + np.outer(mean, mean)
            expectations += [{"of": [[i], [j]], "value": second[i, j]} for i in range(d) for j in range(i + 1)]
        moments.append({"arguments": arguments, "expectations": expectations})
    write("mv-student-t", points, moments)

    points, moments = [], []
    for a in ([1, 1, 1], [2, 3.5], [0.7, 1.2, 4], [2, 2, 2, 2], [30, 12, 9]):
        a = np.array(a, dtype=float)
        frozen = stats.dirichlet(a)
        for _ in range(5):
            x = rng.dirichlet(np.full(len(a), 2.0)).round(3)
            x[-1] = 1 - x[:-1].sum()
            points.append(point([{"a": a}], x, frozen.logpdf(x)))
        total = a.sum()
        second = (np.outer(a, a) + np.diag(a)) / (total * (total + 1))
        assert np.allclose(second - np.outer(a, a) / total**2, frozen.cov())
        moments.append({"arguments": {"a": a}, "expectations": [
            *({"of": [[i]], "value": a[i] / total} for i in range(len(a))),
            *({"of": [[i], [j]], "value": second[i, j]} for i in range(len(a)) for j in range(i + 1))]})
    for x in ([0.5, 0.6, 0.1], [1.2, -0.1, -0.1]):
        points.append(point([{"a": [1.0, 1.0, 1.0]}], x, -math.inf))  # SciPy refuses these: not on the simplex
    write("dirichlet", points, moments)

    points, moments = [], []
    for n, p in ((1, [0.2, 0.5, 0.3]), (5, [0.25, 0.75]), (6, [0.1, 0.2, 0.3, 0.4]), (60, [0.5, 0.125, 0.375]), (4, [0.5, 0.0, 0.5])):
        p = np.array(p)
        frozen = stats.multinomial(n, p)
        for _ in range(10):
            x = rng.multinomial(n, np.full(len(p), 1 / len(p)))
            points.append(point([{"p": p}], x, frozen.logpmf(x)))
        second = n * (n - 1) * np.outer(p, p) + n * np.diag(p)
        moments.append({"arguments": {"p": p, "total": n}, "expectations": [
            *({"of": [[i]], "value": n * p[i]} for i in range(len(p))),
            *({"of": [[i], [j]], "value": second[i, j]} for i in range(len(p)) for j in range(i + 1))]})
    points.append(point([{"p": [0.25, 0.75]}], [1.5, 2.5], -math.inf))
    points.append(point([{"p": [0.25, 0.75]}], [-1, 3], -math.inf))
    write("multinomial", points, moments)

    points, moments = [], []
    for n, a in ((1, [0.2, 0.5, 0.3]), (5, [1, 1]), (6, [2, 0.5, 1, 3]), (60, [8, 2, 6]), (12, [0.1, 0.1, 0.1]), (40, [300, 500])):
        a = np.array(a, dtype=float)
        frozen = stats.dirichlet_multinomial(a, n)
        for _ in range(6):
            x = rng.multinomial(n, np.full(len(a), 1 / len(a)))
            points.append(point([{"a": a}], x, frozen.logpmf(x)))
        second = frozen.cov() + np.outer(frozen.mean(), frozen.mean())
        moments.append({"arguments": {"a": a, "total": n}, "expectations": [
            *({"of": [[i]], "value": frozen.mean()[i]} for i in range(len(a))),
            *({"of": [[i], [j]], "value": second[i, j]} for i in range(len(a)) for j in range(i + 1))]})
    points.append(point([{"a": [1.0, 2.0]}], [1.5, 2.5], -math.inf))
    points.append(point([{"a": [1.0, 2.0]}], [-1, 3], -math.inf))
    write("dirichlet-multinomial", points, moments)


def matrices():
    rng = np.random.default_rng(19280401)
    for name, family in (("wishart", stats.wishart), ("inverse-wishart", stats.invwishart)):
        points, moments = [], []
        for d, df in ((1, 3), (2, 6.5), (2, 9), (3, 12), (4, 20)):
            root = rng.normal(size=(d, d)).round(2)
            scale = np.round(root @ root.T + 0.5 * np.eye(d), 6)
            frozen = family(df, scale)
            arguments = {"df": df, "scale": scale}
            for _ in range(5):
                root = rng.normal(size=(d, d)).round(2)
                value = np.round(root @ root.T + 0.25 * np.eye(d), 6) * (df if name == "wishart" else 1)
                points.append(point([arguments], value, frozen.logpdf(value)))
            mean = np.reshape(frozen.mean(), (d, d))
            finite = name == "wishart" or df > d + 3
            pairs = list(itertools.combinations_with_replacement(range(d), 2))
            expectations = [{"of": [[i, j]], "value": mean[i, j]} for i, j in pairs] if finite else []
            if name == "wishart" or df > d + 7:
                second = np.reshape(frozen.var(), (d, d)) + mean**2
                expectations += [{"of": [[i, j], [i, j]], "value": second[i, j]} for i, j in pairs]
            moments.append({"arguments": arguments, "expectations": expectations})
        for x in ([[1.0, 2.0], [2.0, 1.0]], [[-1.0, 0.0], [0.0, 1.0]]):  # not positive definite: SciPy refuses these
            points.append(point([{"df": 5, "scale": [[1.0, 0.0], [0.0, 1.0]]}], x, -math.inf))
        write(name, points, moments)


if __name__ == "__main__":
    continuous()
    discrete()
    vectors()
    matrices()
