"""Reference values of the special functions, 50 digits with mpmath, rounded to float64.

Run in an environment with mpmath: python make-tables.py > tables.json
"""

import json
import random

from mpmath import mp, mpf, besseli, digamma, exp, log, loggamma, mpmathify, ncdf, polygamma, re

mp.dps = 60
random.seed(1)

positive = [1e-300, 1e-10, 0.001, 0.1, 0.25, 0.49999, 0.5, 0.75, 0.999, 0.9999999, 1, 1.0000001, 1.2, 1.4616321449683622,
            1.46, 1.499, 1.5, 1.8, 1.99999999, 2, 2.0000001, 2.25, 2.5, 2.7, 3, 3.5, 5.25, 7, 9.99, 10, 10.5, 13, 30.7,
            100, 171.5, 1e4, 1e8, 1e15, 1e200]
positive += [random.uniform(0, 3) for _ in range(40)] + [random.uniform(3, 30) for _ in range(20)]
negative = [-0.5, -1.5, -2.25, -3.75, -10.3, -20.1]
normal = [0, 1e-20, 1e-5, 0.3, -0.3, 0.6744897, -0.6745, 1, -1, 2.5, -2.5, 5.65, -5.65, -5.66, 5.7, -8, -15.3, -25, -37.4]
normal += [random.uniform(-8, 8) for _ in range(30)]
bessel = [0, 1e-8, 0.1, 1, 2.5, 5, 10, 15.5, 20, 24.9, 25, 25.1, 40, 100, 500, 700]
bessel += [random.uniform(0, 60) for _ in range(20)]
logistic = [0, 1e-9, 0.5, -0.5, 3, -3, 20, -20, 36.8, -40, -700, 700, -745]
logit = [1e-300, 1e-10, 0.1, 0.25, 0.26, 0.4, 0.4999999, 0.5, 0.5000001, 0.6, 0.75, 0.9, 0.999999]


def table(function, points):
    return [[x, float(function(mpf(x)))] for x in points]


print(json.dumps({
    "lgamma": table(lambda x: re(loggamma(x)), positive + negative),
    "digamma": table(digamma, [x for x in positive if x > 1e-200] + negative),
    "trigamma": table(lambda x: polygamma(1, x), [x for x in positive if 1e-100 < x] + negative),
    "Phi": table(ncdf, normal),
    "besselI0": table(lambda x: besseli(0, x), bessel),
    "besselI1": table(lambda x: besseli(1, x), bessel),
    "logistic": table(lambda x: 1 / (1 + exp(-x)), logistic),
    "logit": table(lambda x: log(x / (1 - x)), logit),
}, indent=0))
