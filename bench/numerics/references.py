"""References by mpmath: for points x, the double nearest f(x) and what is left in units of its last place.

    references.py FUNCTION IN OUT     IN: float64 points (pairs for mod); OUT: pairs (nearest, rest)
"""
import struct
import sys

import mpmath as mp
from mpmath import mpf

mp.mp.prec = 160
inf, nan = mpf('inf'), mpf('nan')


def ulp(y):
    if y == 0:
        return mpf(2) ** -1074
    m, e = mp.frexp(y)
    return mpf(2) ** max(e - 53, -1074)


def nearest(v):
    """Double nearest v, ties apart, and (v - it) / ulp."""
    if mp.isnan(v):
        return float('nan'), 0.0
    if mp.isinf(v):
        return float(v), 0.0
    u = ulp(v)
    n = mp.nint(v / u)
    y = n * u
    if abs(y) >= mpf(2) ** 1024:
        return float('inf') if v > 0 else float('-inf'), 0.0
    return float(y), float(v / u - n)


def lgamma(x):
    if mp.isinf(x) or (x <= 0 and x == mp.floor(x)):
        return inf
    if x > 0:
        return mp.loggamma(x)
    # log pi - log |sin(pi x)| - log Gamma(1 - x)
    return mp.log(mp.pi) - mp.log(abs(mp.sinpi(x))) - mp.loggamma(1 - x)


def psi(n, x):
    if mp.isinf(x):
        return (inf if n == 0 else mpf(0)) if x > 0 else nan
    if x <= 0 and x == mp.floor(x):
        return nan if n == 0 else inf
    if abs(x) < mpf(2) ** -100:
        return -1 / x - mp.euler if n == 0 else 1 / x ** 2
    if x > mpf(2) ** 60:
        return mp.log(x) - 1 / (2 * x) - 1 / (12 * x * x) if n == 0 else 1 / x + 1 / (2 * x * x)
    return mp.psi(n, x)


def log(x):
    return nan if x < 0 else -inf if x == 0 else mp.log(x)


def log1p(x):
    if x < -1:
        return nan
    if x == -1:
        return -inf
    return x - x * x / 2 if abs(x) < mpf(2) ** -150 else mp.log1p(x)


def exp(x):
    return mpf(0) if x == -inf else mpf(2) ** 2000 if 800 < x < inf else mpf(2) ** -2000 if x < -800 else mp.exp(x)


def expm1(x):
    return mpf(-1) if x < -400 else mpf(2) ** 2000 if 800 < x < inf else x + x * x / 2 if abs(x) < mpf(2) ** -150 else mp.expm1(x)


def log1pexp(x):
    return x if x > 1000 else exp(x) if x < -1000 else mp.log1p(mp.exp(x))


def log1mexp(x):
    if x > 0:
        return nan
    return -inf if x == 0 else log(-expm1(x)) if x > -50 else log1p(-exp(x))


def logistic(x):
    return exp(x) if x < -1000 else mpf(1) if x > 1000 else 1 / (1 + mp.exp(-x))


def logit(p):
    return nan if not 0 <= p <= 1 else -inf if p == 0 else inf if p == 1 else mp.log(p / (1 - p))


def Phi(x):
    return mpf(0) if x < -1e5 else mpf(1) if x > 1e5 else mp.erfc(-x / mp.sqrt(2)) / 2


def log_phi_big(x):
    # log of the asymptotic series, x << 0
    s, t, k = mpf(1), mpf(1), 0
    while abs(t) > mpf(2) ** -150 and k < 200:
        k += 1
        t *= -(2 * k - 1) / (x * x)
        s += t
    return -x * x / 2 - mp.log(-x) - mp.log(2 * mp.pi) / 2 + mp.log(s), s


def logPhi(x):
    if mp.isinf(x):
        return mpf(0) if x > 0 else x
    if x < -50:
        return log_phi_big(x)[0]
    # digits next to 1
    return mp.log1p(-Phi(-x)) if x > 0 else mp.log(Phi(x))


def inverseMills(x):
    if mp.isinf(x):
        return mpf(0) if x > 0 else inf
    if x < -50:
        return -x / log_phi_big(x)[1]
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi) / Phi(x)


functions = {
    'exp': exp, 'log': log, 'log1p': log1p, 'expm1': expm1, 'lgamma': lgamma,
    'digamma': lambda x: psi(0, x), 'trigamma': lambda x: psi(1, x),
    'logistic': logistic, 'logit': logit, 'logLogistic': lambda x: -log1pexp(-x),
    'log1pexp': log1pexp, 'log1mexp': log1mexp, 'Phi': Phi, 'logPhi': logPhi, 'inverseMills': inverseMills,
    'sin': mp.sin, 'cos': mp.cos, 'atan': mp.atan,
}


def value(name, x):
    v = mpf(x)
    return nan if mp.isnan(v) else functions[name](v)


if __name__ == '__main__':
    name, source, target = sys.argv[1:4]
    raw = open(source, 'rb').read()
    points = struct.unpack('<%dd' % (len(raw) // 8), raw)
    with open(target, 'wb') as out:
        for x in points:
            out.write(struct.pack('<2d', *nearest(value(name, x))))
