"""Reference values of the functions behind tails: rows [arguments, value], 60 digits with mpmath, rounded to float64.

Run in an environment with mpmath: python make-tail-tables.py > tail-tables.json
"""

import json
import random

from mpmath import besseli, betainc, digamma, erfc, exp, expm1, gammainc, log, log1p, loggamma, mp, mpf, npdf, sqrt

mp.dps = 60
random.seed(2)
rand = random.uniform


def Phi(x):
    return erfc(-x / sqrt(mpf(2))) / 2


def log_between(a, b):
    if a + b > 0:
        a, b = -b, -a
    with mp.workdps(120):
        return log(Phi(b) - Phi(a))


def log_p(a, x):
    with mp.workdps(100):
        return log(gammainc(a, 0, x, regularized=True))


def log_q(a, x):
    with mp.workdps(100):
        return log(gammainc(a, x, mp.inf, regularized=True))


def log_beta(a, b, x):
    with mp.workdps(100):
        return log(betainc(a, b, 0, x, regularized=True))


def log_student(df, t):
    with mp.workdps(120):
        if df < 1e4:
            beyond = betainc(df / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2
        else:
            size, width = abs(t), 1 / (1 + abs(t))
            log_density = loggamma((df + 1) / 2) - loggamma(df / 2) - log(mp.pi * df) / 2
            with mp.workdps(50):
                steps = [size + width * n / 2 for n in range(300)]
                beyond = mp.quad(lambda x: exp(log_density - (df + 1) / 2 * log(1 + x * x / df)), steps)
        return log(beyond if t < 0 else 1 - beyond)


def precisely(function):
    """Enough digits for the logarithm of 1 - 1e-320."""
    def apply(*row):
        with mp.workdps(400):
            return function(*row)
    return apply


def table(function, rows):
    return [[list(row), float(function(*map(mpf, row)))] for row in rows]


normal = [0, 1e-9, -1e-9, 0.3, -0.3, 0.6744, -0.6744, 0.68, -0.68, 1, -1, 2, -2, 4, -4, 5.65, -5.65, -5.66, 8, -8, 20,
          -20, 38, -38, -39, -100, -1000, -1e4, -1e8, -1e150]
normal += [rand(-10, 10) for _ in range(20)]
between = [(-1, 1), (-2, 0), (0, 3), (0, 1e-10), (1, 1 + 2**-30), (-3, 7), (5, 6), (-6, -5), (30, 31), (-1e3, -1e3 + 2**-20),
           (1e4, 1e4 + 1), (-1e4, -9999), (20, 40), (-0.01, 0.02), (1.5, 2.5), (-40, 40), (9, 9.25), (2, 2 + 2**-45), (-100, -2),
           (0.5, 0.5 + 2**-10), (-1.75, 0.125)]
between += [(a, a + w) for a, w in ((rand(-6, 6), 2**rand(-20, 3)) for _ in range(20))]
gamma = [(1, 0.5), (1, 3), (0.5, 0.1), (0.5, 6), (1e-3, 0.4), (1e-3, 1e-5), (0.2, 1.4), (0.2, 1.6), (3, 1e-8), (3, 2.5),
         (3, 60), (10, 9), (10, 12), (11, 400), (40, 5), (40, 39), (40, 43), (120, 300), (1000, 990), (1000, 1100), (1000, 700),
         (1e4, 1.01e4), (1e5, 1e5), (7, 0.5), (25, 24.5), (0.9, 1.2), (12, 12), (13, 700)]
gamma += [(rand(0.1, 60), rand(0.01, 90)) for _ in range(30)]
beta = [(1, 1, 0.25), (2, 3, 0.5), (0.5, 0.5, 0.01), (0.5, 0.5, 0.99), (30, 1, 0.9), (1, 30, 0.9), (5, 200, 0.001),
        (5, 200, 0.03), (200, 5, 0.97), (100, 100, 0.5), (100, 100, 0.4), (100, 100, 0.7), (1e4, 2e4, 0.33), (1e4, 2e4, 0.34),
        (50, 60, 1e-5), (3, 4, 1e-30), (13, 12, 0.5), (0.01, 3, 0.2), (3, 0.01, 0.2), (1e5, 3, 0.9999), (40, 2, 0.125)]
beta += [(rand(0.2, 40), rand(0.2, 40), rand(0.01, 0.99)) for _ in range(25)]
delta = [(1, 1), (3, 2), (0.5, 7), (1e-8, 3), (0.25, 0.5), (20, 0.5), (1e8, 0.5), (1e15, 0.5), (1e8, 40), (1e12, 3), (15, 400),
         (12, 25), (1e6, 1e6), (2.5, 100.5), (1e10, 1e4), (700, 30), (11.9, 30), (1e3, 24), (1e3, 25), (30, 1e5)]
delta += [(10**rand(-2, 7), random.randint(1, 200)) for _ in range(20)]
one_minus = [-1e-18, -1e-10, -1e-3, -0.1, -0.5, -0.6931, -0.6932, -0.7, -1, -2, -5, -20, -40, -700, -745, -0.25, -0.35, -3.5, -10, -15]

concentrations = [0, 1e-8, 1e-3, 0.1, 0.5, 1, 2, 3.7, 5, 10, 15, 19.99, 20, 20.01, 25, 40, 100, 300, 713, 720, 1e4, 1e6, 1e8, 1e12]
concentrations += [rand(0, 30) for _ in range(10)]
student = [(1, -1), (1, 1), (1, -1e-9), (1, 0.3), (1, -1e6), (0.1, -3), (0.1, 5), (0.01, -1e30), (2, -0.5), (2.5, 1.5), (3, -1e-5), (4, -12),
           (4, 12), (5, 2.57), (7, -40), (30, -2.04), (30, 6), (30, -1e4), (100, -0.01), (100, -9), (1e3, -5), (1e3, 0.7), (1e4, -3),
           (1e6, -1e-3), (1e6, -1.96), (1e6, -10), (1e6, 4), (1e8, -2), (3, -1e200), (0.5, -1e12),
           (1e4, -30), (1e4, -34), (1e4, -100), (1e5, -50), (1e6, -200), (2e4, 5), (9999, -8), (1e4, -8)]
student += [(10**rand(-1, 3), rand(-8, 8)) for _ in range(30)]


def scaled(order, x):
    """e^-x I_order(x); far out by its asymptotic series (DLMF 10.40.1)."""
    if x < 5000:
        return besseli(order, x) * exp(-x)
    term = total = mpf(1)
    for m in range(1, 60):
        term *= mpf((2 * m - 1) ** 2 - 4 * order * order) / (m * 8 * x)
        total += term
    return total / sqrt(2 * mp.pi * x)


def log_scaled(x):
    return log(scaled(0, x))


def slope_of_ratio(x):
    if x == 0:
        return mpf(1) / 2
    a = scaled(1, x) / scaled(0, x)
    return 1 - a / x - a * a


def arc(c, a, b):
    width = 1 / (1 + sqrt(c))
    inside = [2 * mp.pi * q + n * width for q in (-1, 0, 1, 2) for n in range(-12, 13)]
    inside += [p for n in range(1, 60) for p in (a + n / (1 + c), b - n / (1 + c))] + [a + (b - a) * n / 300 for n in range(1, 300)]
    steps = [a, *sorted(p for p in inside if a < p < b), b]
    value = mp.quad(lambda t: exp(-2 * c * mp.sin(t / 2) ** 2), steps, method="gauss-legendre")
    return value / (2 * mp.pi) / (scaled(0, c) if c > 0 else mpf(1))


def log_arc(c, a, b):
    with mp.workdps(30):
        value = arc(c, a, b)
        return log(value) if value < 0.5 else log1p(-arc(c, b, a + 2 * mp.pi))


arcs = [(0, -1, 2), (1e-6, 0.5, 3), (1, -3, -1), (1, -3.1, 3), (2, 0.1, 0.1000001), (2, 2, 4.5), (2, -1, 5), (5, -3, -2.5), (5, 1, 7), (5, -0.5, 0.7),
        (20, -3, -2), (20, -0.1, 0.4), (20, 0, 6.2), (100, -3.1, -2.8), (100, 3, 3.3), (100, 0.1, 0.2), (100, -0.3, 0.3), (100, -3, -0.4), (700, -0.2, 0.01),
        (700, 2, 3), (700, 0.3, 6), (1e4, -0.05, -0.02), (1e4, 0.01, 3), (1e6, -1, -0.004), (1e6, -0.001, 0.002), (1e8, 0.0003, 1)]
arcs += [(c, a, a + w) for c, a, w in ((10**rand(-1, 2.5), rand(-3.1, 3.1), rand(0.01, 6)) for _ in range(30))]

tables = {
    "logPhi": table(precisely(lambda x: log(Phi(x))), [(x,) for x in normal]),
    "inverseMills": table(lambda x: npdf(x) / Phi(x), [(x,) for x in normal if -1e9 < x < 38.5]),
    "log1mexp": table(precisely(lambda x: log(-expm1(x))), [(x,) for x in one_minus]),
    "logPhiBetween": table(log_between, between),
    "logGammaP": table(log_p, gamma),
    "logGammaQ": table(log_q, gamma),
    "logBetaI": table(log_beta, beta),
    "logStudentCdf": table(log_student, student),
    "logVonMisesArc": table(log_arc, arcs),
    "lgammaDelta": table(lambda a, n: loggamma(a + n) - loggamma(a), delta),
    "digammaDelta": table(lambda a, n: digamma(a + n) - digamma(a), delta),
    "logLogistic": table(precisely(lambda x: -log(1 + exp(-x))), [(x,) for x in normal if abs(x) < 1e5]),
    "logBesselI0e": table(lambda x: log_scaled(x), [(x,) for x in concentrations]),
    "besselRatio": table(lambda x: scaled(1, x) / scaled(0, x), [(x,) for x in concentrations]),
    "besselRatioSlope": table(slope_of_ratio, [(x,) for x in concentrations]),
}
lines = ",\n".join
print("{\n" + lines(f'  "{name}": [\n' + lines("    " + json.dumps(row) for row in rows) + "\n  ]" for name, rows in tables.items()) + "\n}")
