"""Anchor tables of log densities: 50-digit mpmath formulas, cross-checked against SciPy where SciPy has the distribution.

Writes one JSON file per distribution beside this script: a list of {"value", "arguments", "logDensity"}.
Run with Python 3, scipy and mpmath installed:  python generate.py
"""
import json
import math
import pathlib

import mpmath as mp
import numpy as np
import scipy.special as sc
import scipy.stats as st

mp.mp.dps = 50
rng = np.random.default_rng(20240229)
HERE = pathlib.Path(__file__).parent
tables = {}


def num(x):
    """A float with few digits, so that the table reads well."""
    return float(f"{x:.4g}")


def uni(low, high):
    return num(rng.uniform(low, high))


def logu(low, high):
    return num(math.exp(rng.uniform(math.log(low), math.log(high))))


def simplex(n):
    w = rng.integers(1, 64, size=n)
    return [float(v) / float(w.sum()) for v in w]


def spd(d):
    a = rng.normal(size=(d, d))
    m = a @ a.T + 0.3 * np.eye(d)
    m = np.vectorize(num)(m)
    return (np.tril(m) + np.tril(m, -1).T).tolist()


M = mp.mpf


def mat(a):
    return mp.matrix([[M(v) for v in row] for row in a])


def vec(a):
    return mp.matrix([M(v) for v in a])


def logdet(a):
    return mp.log(mp.det(a))


def trace(a):
    return sum(a[i, i] for i in range(a.rows))


def mvlgamma(d, x):
    return M(d) * (d - 1) / 4 * mp.log(mp.pi) + sum(mp.loggamma(x + M(1 - j) / 2) for j in range(1, d + 1))


def choose(n, k):
    return mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1)


def add(name, value, arguments, exact, scipy=None):
    exact = mp.mpf(exact)
    if scipy is not None:
        scipy = float(scipy)
        assert abs(scipy - exact) <= 1e-8 * max(1, abs(exact)), (name, value, arguments, exact, scipy)
    if name not in tables:
        tables[name] = []
    tables[name].append({"value": value, "arguments": arguments, "logDensity": float(exact)})


def logistic(t):
    return 1 / (1 + mp.exp(-M(t)))


def points(n=24):
    return range(n)


def normal_pdf(x, m, s):
    return -mp.log(2 * mp.pi) / 2 - mp.log(s) - ((M(x) - m) / s) ** 2 / 2


for i in points():
    x, m, s = uni(-9, 9), uni(-5, 5), logu(0.01, 50)
    form = i % 3
    args = [{"mean": m, "sd": s}, {"mean": m, "var": s}, {"mean": m, "precision": s}][form]
    sd = [M(s), mp.sqrt(M(s)), 1 / mp.sqrt(M(s))][form]
    add("Normal", x, args, normal_pdf(x, M(m), sd), st.norm.logpdf(x, m, float(sd)))

    x, m, s = logu(0.01, 99), uni(-2, 3), logu(0.2, 4)
    add("LogNormal", x, {"mean": m, "sd": s}, normal_pdf(mp.log(M(x)), M(m), M(s)) - mp.log(M(x)),
        st.lognorm.logpdf(x, s, scale=math.exp(m)))

    x, a, b = logu(0.01, 60), logu(0.05, 80), logu(0.05, 20)
    rate = M(b) if i % 2 == 0 else 1 / M(b)
    add("Gamma", x, {"shape": a, "rate" if i % 2 == 0 else "scale": b},
        M(a) * mp.log(rate) - mp.loggamma(M(a)) + (M(a) - 1) * mp.log(M(x)) - rate * M(x),
        st.gamma.logpdf(x, a, scale=float(1 / rate)))

    x, a, b = logu(0.02, 60), logu(0.1, 40), logu(0.05, 20)
    add("InverseGamma", x, {"shape": a, "scale": b},
        M(a) * mp.log(M(b)) - mp.loggamma(M(a)) - (M(a) + 1) * mp.log(M(x)) - M(b) / M(x),
        st.invgamma.logpdf(x, a, scale=b))

    x, r = logu(0.001, 40), logu(0.01, 20)
    add("Exponential", x, {"rate": r}, mp.log(M(r)) - M(r) * M(x), st.expon.logpdf(x, scale=1 / r))

    x, k, s = logu(0.05, 6), logu(0.3, 5), logu(0.3, 8)
    add("Weibull", x, {"shape": k, "scale": s},
        mp.log(M(k) / M(s)) + (M(k) - 1) * mp.log(M(x) / M(s)) - (M(x) / M(s)) ** M(k),
        st.weibull_min.logpdf(x, k, scale=s))

    x, a, b = uni(0.001, 0.999), logu(0.05, 60), logu(0.05, 60)
    add("Beta", x, {"a": a, "b": b},
        (M(a) - 1) * mp.log(M(x)) + (M(b) - 1) * mp.log(1 - M(x)) - mp.log(mp.beta(M(a), M(b))),
        st.beta.logpdf(x, a, b))

    lo = uni(-9, 9)
    w = logu(0.01, 100)
    x = num(lo + w * rng.uniform(0.05, 0.9))
    hi = num(lo + w * 1.1)
    add("Uniform", x, {"low": lo, "high": hi}, -mp.log(M(hi) - M(lo)), st.uniform.logpdf(x, lo, hi - lo))

    x, v, m, s = uni(-20, 20), logu(0.5, 300), uni(-3, 3), logu(0.1, 9)
    z = (M(x) - M(m)) / M(s)
    add("StudentT", x, {"df": v, "mean": m, "scale": s},
        mp.loggamma((M(v) + 1) / 2) - mp.loggamma(M(v) / 2) - mp.log(M(v) * mp.pi) / 2 - mp.log(M(s))
        - (M(v) + 1) / 2 * mp.log(1 + z * z / M(v)), st.t.logpdf(x, v, m, s))

    x, m, s = uni(-20, 20), uni(-3, 3), logu(0.1, 9)
    z = (M(x) - M(m)) / M(s)
    add("Laplace", x, {"location": m, "scale": s}, -mp.log(2 * M(s)) - abs(z), st.laplace.logpdf(x, m, s))
    add("Logistic", x, {"location": m, "scale": s}, -z - mp.log(M(s)) - 2 * mp.log(1 + mp.exp(-z)),
        st.logistic.logpdf(x, m, s))
    add("Cauchy", x, {"location": m, "scale": s}, -mp.log(mp.pi * M(s)) - mp.log(1 + z * z), st.cauchy.logpdf(x, m, s))

    x, m, k = uni(-3.1, 3.1), uni(-3, 3), logu(0.01, 200)
    add("VonMises", x, {"mean": m, "concentration": k},
        M(k) * mp.cos(M(x) - M(m)) - mp.log(2 * mp.pi * mp.besseli(0, M(k))), st.vonmises.logpdf(x, k, loc=m))

    a, s = logu(0.2, 20), logu(0.1, 9)
    x = num(s * rng.uniform(1.01, 9))
    add("Pareto", x, {"shape": a, "scale": s}, mp.log(M(a)) + M(a) * mp.log(M(s)) - (M(a) + 1) * mp.log(M(x)),
        st.pareto.logpdf(x, a, scale=s))

    x, s = logu(0.01, 30), logu(0.1, 20)
    add("HalfNormal", x, {"sd": s}, mp.log(2) + normal_pdf(x, M(0), M(s)), st.halfnorm.logpdf(x, scale=s))

    x, p = int(rng.integers(0, 2)), uni(0.001, 0.999)
    if i % 2 == 0:
        add("Bernoulli", x, {"p": p}, mp.log(M(p) if x else 1 - M(p)), st.bernoulli.logpmf(x, p))
    else:
        t = uni(-12, 12)
        add("Bernoulli", x, {"logit": t}, mp.log(logistic(t) if x else 1 - logistic(t)))

    n = int(rng.integers(2, 7))
    x = int(rng.integers(1, n + 1))
    if i % 2 == 0:
        p = simplex(n)
        add("Categorical", x, {"p": p}, mp.log(M(p[x - 1])))
    else:
        t = [uni(-9, 9) for _ in range(n)]
        add("Categorical", x, {"logit": t}, M(t[x - 1]) - mp.log(sum(mp.exp(M(v)) for v in t)),
            sc.log_softmax(t)[x - 1])

    n, p, t = int(rng.integers(1, 400)), uni(0.001, 0.999), uni(-6, 6)
    x = int(rng.integers(0, n + 1))
    q = M(p) if i % 2 == 0 else logistic(t)
    add("Binomial", x, {"n": n, **({"p": p} if i % 2 == 0 else {"logit": t})},
        choose(M(n), M(x)) + x * mp.log(q) + (n - x) * mp.log(1 - q), st.binom.logpmf(x, n, float(q)))

    x, r = int(rng.integers(0, 90)), logu(0.02, 90)
    t = float(mp.log(M(r)))
    rate = M(r) if i % 2 == 0 else mp.exp(M(t))
    add("Poisson", x, {"rate": r} if i % 2 == 0 else {"log": t}, x * mp.log(rate) - rate - mp.loggamma(M(x) + 1),
        st.poisson.logpmf(x, r))

    x, p = int(rng.integers(0, 60)), uni(0.01, 0.99)
    add("Geometric", x, {"p": p}, mp.log(M(p)) + x * mp.log(1 - M(p)), st.geom.logpmf(x + 1, p))

    x, s, m = int(rng.integers(0, 80)), logu(0.1, 50), logu(0.1, 60)
    add("NegativeBinomial", x, {"size": s, "mean": m},
        mp.loggamma(x + M(s)) - mp.loggamma(M(x) + 1) - mp.loggamma(M(s)) + M(s) * mp.log(M(s) / (M(s) + M(m)))
        + x * mp.log(M(m) / (M(s) + M(m))), st.nbinom.logpmf(x, s, s / (s + m)))

    n, a, b = int(rng.integers(1, 60)), logu(0.1, 20), logu(0.1, 20)
    x = int(rng.integers(0, n + 1))
    add("BetaBinomial", x, {"n": n, "a": a, "b": b},
        choose(M(n), M(x)) + mp.log(mp.beta(x + M(a), n - x + M(b))) - mp.log(mp.beta(M(a), M(b))),
        st.betabinom.logpmf(x, n, a, b))

    n = int(rng.integers(1, 5))
    cuts = sorted(uni(-4, 4) for _ in range(n))
    loc = uni(-4, 4)
    x = int(rng.integers(1, n + 2))
    up = M(1) if x == n + 1 else logistic(M(cuts[x - 1]) - M(loc))
    down = M(0) if x == 1 else logistic(M(cuts[x - 2]) - M(loc))
    add("Ordinal", x, {"location": loc, "cuts": cuts}, mp.log(up - down))

    d = int(rng.integers(1, 5))
    x, m, c = [uni(-4, 4) for _ in range(d)], [uni(-3, 3) for _ in range(d)], spd(d)
    r = vec(x) - vec(m)
    if i % 2 == 0:
        q, ld = (r.T * mp.inverse(mat(c)) * r)[0], logdet(mat(c))
        ref = st.multivariate_normal.logpdf(x, m, c)
    else:
        q, ld = (r.T * mat(c) * r)[0], -logdet(mat(c))
        ref = st.multivariate_normal.logpdf(x, m, np.linalg.inv(c))
    add("MvNormal", x, {"mean": m, "cov" if i % 2 == 0 else "precision": c}, -(d * mp.log(2 * mp.pi) + ld + q) / 2, ref)

    v = logu(0.6, 90)
    q = (r.T * mp.inverse(mat(c)) * r)[0]
    add("MvStudentT", x, {"df": v, "mean": m, "scale": c},
        mp.loggamma((M(v) + d) / 2) - mp.loggamma(M(v) / 2) - M(d) / 2 * mp.log(M(v) * mp.pi) - logdet(mat(c)) / 2
        - (M(v) + d) / 2 * mp.log(1 + q / M(v)), st.multivariate_t.logpdf(x, m, c, v))

    n = int(rng.integers(2, 6))
    x, a = simplex(n), [logu(0.1, 20) for _ in range(n)]
    A = [M(v) for v in a]
    add("Dirichlet", x, {"a": a},
        mp.loggamma(sum(A)) - sum(mp.loggamma(v) for v in A) + sum((v - 1) * mp.log(M(w)) for v, w in zip(A, x)),
        st.dirichlet.logpdf(x, a))

    p = simplex(n)
    c = [int(v) for v in rng.integers(0, 30, size=n)]
    coefficient = mp.loggamma(M(sum(c)) + 1) - sum(mp.loggamma(M(v) + 1) for v in c)
    add("Multinomial", c, {"p": p}, coefficient + sum(v * mp.log(M(q)) for v, q in zip(c, p)),
        st.multinomial.logpmf(c, sum(c), p))
    add("DirichletMultinomial", c, {"a": a},
        coefficient + mp.loggamma(sum(A)) - mp.loggamma(sum(A) + sum(c))
        + sum(mp.loggamma(v + w) - mp.loggamma(v) for v, w in zip(A, c)),
        st.dirichlet_multinomial.logpmf(c, a, sum(c)))

    d = int(rng.integers(1, 4))
    x, s, v = spd(d), spd(d), num(d + rng.uniform(0, 9))
    norm = M(v) * d / 2 * mp.log(2) + mvlgamma(d, M(v) / 2)
    add("Wishart", x, {"df": v, "scale": s},
        (M(v) - d - 1) / 2 * logdet(mat(x)) - trace(mp.inverse(mat(s)) * mat(x)) / 2 - norm
        - M(v) / 2 * logdet(mat(s)), st.wishart.logpdf(np.array(x), v, s))
    add("InverseWishart", x, {"df": v, "scale": s},
        M(v) / 2 * logdet(mat(s)) - norm - (M(v) + d + 1) / 2 * logdet(mat(x))
        - trace(mat(s) * mp.inverse(mat(x))) / 2, st.invwishart.logpdf(np.array(x), v, s))

    x = uni(-4, 4)
    add("Dirac", x, {"v": x}, 0)

# arguments so large or small that differences of log-gamma functions lose their digits
for x, s, m in [(0, 1e6, 3.0), (7, 1e9, 2.5), (40, 1e5, 30.0), (3, 1e-6, 2.0), (11, 3e12, 8.0), (250, 1e4, 180.0)]:
    add("NegativeBinomial", x, {"size": s, "mean": m},
        mp.loggamma(x + M(s)) - mp.loggamma(M(x) + 1) - mp.loggamma(M(s)) - M(s) * mp.log(1 + M(m) / M(s))
        - x * mp.log(1 + M(s) / M(m)))
for n, x, a, b in [(12, 5, 1e7, 3e7), (9, 0, 2e11, 1e11), (30, 30, 1e-5, 4.0), (25, 7, 1e6, 0.3)]:
    add("BetaBinomial", x, {"n": n, "a": a, "b": b},
        choose(M(n), M(x)) + mp.loggamma(x + M(a)) - mp.loggamma(M(a)) + mp.loggamma(n - x + M(b)) - mp.loggamma(M(b))
        - mp.loggamma(n + M(a) + M(b)) + mp.loggamma(M(a) + M(b)))
for c, a in [([3, 0, 5], [1e8, 2e8, 5e7]), ([1, 4], [1e-6, 2.0]), ([6, 2, 1, 9], [3e5, 1e5, 2e5, 4e5])]:
    A = [M(v) for v in a]
    add("DirichletMultinomial", c, {"a": a},
        mp.loggamma(M(sum(c)) + 1) - sum(mp.loggamma(M(v) + 1) for v in c) + mp.loggamma(sum(A))
        - mp.loggamma(sum(A) + sum(c)) + sum(mp.loggamma(v + w) - mp.loggamma(v) for v, w in zip(A, c)))
for x, v, m, s in [(0.7, 1e5, 0.2, 1.5), (-3.0, 1e8, 0.5, 0.8), (2.5, 1e12, -1.0, 2.0), (40.0, 0.05, 1.0, 0.3)]:
    z = (M(x) - M(m)) / M(s)
    add("StudentT", x, {"df": v, "mean": m, "scale": s},
        mp.loggamma((M(v) + 1) / 2) - mp.loggamma(M(v) / 2) - mp.log(M(v) * mp.pi) / 2 - mp.log(M(s))
        - (M(v) + 1) / 2 * mp.log(1 + z * z / M(v)))
for v, d in [(1e8, 2), (3e6, 3)]:
    x, m = [0.4, -1.1, 2.0][:d], [0.1, 0.2, -0.5][:d]
    c = [[1.5, 0.3, 0.1], [0.3, 0.8, -0.2], [0.1, -0.2, 1.1]]
    c = [row[:d] for row in c[:d]]
    r = vec(x) - vec(m)
    q = (r.T * mp.inverse(mat(c)) * r)[0]
    add("MvStudentT", x, {"df": v, "mean": m, "scale": c},
        mp.loggamma((M(v) + d) / 2) - mp.loggamma(M(v) / 2) - M(d) / 2 * mp.log(M(v) * mp.pi) - logdet(mat(c)) / 2
        - (M(v) + d) / 2 * mp.log(1 + q / M(v)))
for x, k, s in [(0.9, 40.0, 1.0), (1.2, 60.0, 1.15), (1e-4, 0.05, 3.0), (1e4, 0.08, 2.0)]:
    add("Weibull", x, {"shape": k, "scale": s},
        mp.log(M(k) / M(s)) + (M(k) - 1) * mp.log(M(x) / M(s)) - (M(x) / M(s)) ** M(k),
        st.weibull_min.logpdf(x, k, scale=s))

special = {"lgamma": [], "digamma": [], "erf": [], "erfc": [], "Phi": [], "logPhi": [], "logBesselI0": []}
for x in [1e-9, 0.003, 0.2, 0.4999, 0.5, 0.9, 0.999999, 1.000001, 1.3, 1.7, 1.99999, 2.0001, 2.6, 3.5, 7.1, 9.99, 10.01,
          25.5, 171.3, 1e4, 1e9]:
    special["lgamma"].append([x, float(mp.loggamma(M(x)))])
    special["digamma"].append([x, float(mp.digamma(M(x)))])
    special["logBesselI0"].append([x, float(mp.log(mp.besseli(0, M(x))))])
mp.mp.dps = 400
for x in [-30.5, -9.25, -6.1, -3.3, -1.7, -1.0, -0.99, -0.3, -1e-7, 0.001, 0.4, 0.8, 0.999, 1.001, 1.5, 2.2, 3.7, 5.9,
          7.4, 12.5, 26.1]:
    special["erf"].append([x, float(mp.erf(M(x)))])
    special["erfc"].append([x, float(mp.erfc(M(x)))])
    special["Phi"].append([x, float(mp.erfc(-M(x) / mp.sqrt(2)) / 2)])
    special["logPhi"].append([x, float(mp.log(mp.erfc(-M(x) / mp.sqrt(2)) / 2))])

for name, table in [*tables.items(), ("special-functions", special)]:
    rows = table if isinstance(table, list) else None
    if rows is not None:
        text = "[\n" + ",\n".join("  " + json.dumps(r) for r in rows) + "\n]\n"
    else:
        text = "{\n" + ",\n".join(f'  "{k}": {json.dumps(v)}' for k, v in table.items()) + "\n}\n"
    (HERE / f"{name}.json").write_text(text)
