"""Writes the references that the tests of generated functions use: hard points, and random ones (seeded).

    fixture.py TARGET.json        {function: [[x, nearest double, rest in ulp], …]}; not-finite numbers as strings
"""
import json
import math
import random
import sys

import references

inf = float('inf')
TINY = [5e-324, 1.5e-323, 1e-310, 2.225073858507201e-308, 2.2250738585072014e-308, 1e-300, 1e-200, 1e-100, 1e-30, 1e-17,
        1.1102230246251565e-16, 2.220446049250313e-16, 1e-12, 1e-8, 1e-5, 1e-3]
LN2 = math.log(2)


def around(*points):
    out = []
    for x in points:
        below, above = math.nextafter(x, -inf), math.nextafter(x, inf)
        out += [math.nextafter(below, -inf), below, x, above, math.nextafter(above, inf)]
    return out


def both(points):
    return [s * x for x in points for s in (1, -1)]


def uniform(a, b, n):
    return [random.uniform(a, b) for _ in range(n)]


def spread(a, b, n):
    # times what fills the last places: numbers e^u have a logarithm that is a double almost
    return [min(math.exp(random.uniform(math.log(a), math.log(b))) * random.uniform(1, 1.01), b) for _ in range(n)]


def halves(n):
    """Where the reduction of exp changes n."""
    return around(*[(k + 0.5) * LN2 for k in n])


ZEROS = [-0.5040830082644554, -1.5734984731623904, -2.610720868444145]

points = {
    'exp': lambda: both(TINY) + halves((-1075, -1074, -1023, -1022, -541, -20, -2, -1, 0, 1, 2, 540, 1022, 1023))
    + around(-745.1332191019411, -708.3964185322641, 709.782712893384) + uniform(-1, 1, 60) + uniform(-708, 709.7, 60)
    + uniform(-745, -708, 30),
    'expm1': lambda: both(TINY) + halves((-58, -54, -53, -2, -1, 0, 1, 2, 52, 53, 1022, 1023)) + around(709.782712893384, -40)
    + uniform(-1, 1, 80) + uniform(-40, 709.7, 60) + both(spread(1e-20, 1, 30)),
    'log': lambda: TINY + around(1, 0.5, 2, math.sqrt(0.5), math.sqrt(2), 2 * math.sqrt(2), 1e300, 1.7976931348623155e308)
    + spread(5e-324, 2e-308, 20) + spread(1e-308, 1e308, 60) + uniform(0.5, 2, 80) + uniform(0.999, 1.001, 30),
    'log1p': lambda: both(TINY) + around(math.sqrt(2) - 1, math.sqrt(0.5) - 1, 1, 2 ** 53, -0.5, 1e300)
    + [-0.9999999999999999, -0.9999999999999998] + uniform(-1, 1, 80) + spread(1e-20, 1e308, 60),
    'log1pexp': lambda: both(TINY) + halves((-2, -1, 0, 1)) + around(math.log(math.sqrt(2) - 1), -math.log(math.sqrt(2) - 1))
    + uniform(-2, 2, 60) + uniform(-40, 40, 60) + uniform(-745, 745, 40),
    'log1mexp': lambda: [-x for x in TINY] + around(-LN2, -0.5 * LN2, -1.5 * LN2, -1, -37, -745) + uniform(-2, 0, 80)
    + uniform(-40, 0, 60) + uniform(-745, 0, 40),
    'logit': lambda: TINY + around(0.5, 0.25, 0.75, 0.125, 0.875, 1 / (1 + math.sqrt(2)), 1 - 1 / (1 + math.sqrt(2)))
    + [0.9999999999999999, 0.9999999999999998] + uniform(0, 1, 100) + uniform(0.49, 0.51, 30) + spread(1e-308, 0.1, 40),
    'lgamma': lambda: TINY + around(0.5, 1, 1.25, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 10, 100, 1e15, 2e305)
    + uniform(0, 5, 100) + uniform(0.99, 1.01, 20) + uniform(1.99, 2.01, 20) + spread(5, 1e300, 50)
    + uniform(-8, 0, 50) + [-x for x in spread(1e-30, 0.4, 10)] + [-1e5 - 0.3, -170.625],
    'digamma': lambda: TINY[2:] + around(1.1, 1.4616321449683622, 2.1, 3.1, 4.1, 1, 2, 10, 1e15)
    + uniform(0, 5, 100) + uniform(1.46, 1.463, 20) + spread(4, 1e300, 50) + uniform(-8, 0, 40)
    + [-x for x in spread(1e-30, 0.4, 10)] + ZEROS,
    'trigamma': lambda: TINY[7:] + around(1, 2, 3, 4, 10, 1e15) + uniform(0, 5, 80) + spread(4, 1e300, 50)
    + uniform(-8, 0, 40) + [-x for x in spread(1e-30, 0.4, 10)],
    'Phi': lambda: both(TINY[8:]) + both(around(0.67448975, 5.656854249492381)) + [-38.4, -38, -37.6, -37.5, 8.3, 9, 40]
    + uniform(-6, 6, 80) + uniform(-38, -5, 60),
    'logPhi': lambda: both(TINY[8:]) + both(around(0.67448975, 5.656854249492381)) + [8.3, 38, -39, -100.5, -1e10, -1e100]
    + uniform(-6, 6, 80) + uniform(-38, 38, 60),
    'inverseMills': lambda: both(TINY[8:]) + both(around(0.67448975, 5.656854249492381)) + [8.3, 38, -39, -100.5, -1e10, -1e100]
    + uniform(-6, 6, 80) + uniform(-38, 38, 60),
}
points['atan'] = lambda: both(TINY) + both(around(math.sqrt(2) - 1, math.sqrt(2) + 1, 1)) + both(spread(1e-10, 1e300, 40)) \
    + uniform(-3, 3, 80)
points['sin'] = lambda: both(TINY) + around(*[k * math.pi / 4 for k in range(-9, 10)]) \
    + around(*[k * math.pi / 2 for k in (1000, 12345, 524287, -524286)]) \
    + around(823549) + uniform(-1, 1, 40) + uniform(-10, 10, 40) + uniform(-8e5, 8e5, 60) + spread(8e5, 1e15, 10)
points['cos'] = points['sin']
points['logistic'] = lambda: points['log1pexp']() + around(-745.1332191019411, -708.3964185322641)
points['logLogistic'] = points['log1pexp']


def number(x):
    return x if math.isfinite(x) else 'NaN' if math.isnan(x) else 'Infinity' if x > 0 else '-Infinity'


if __name__ == '__main__':
    random.seed(20)
    lines = []
    for name in sorted(points):
        rows = []
        for x in sorted(x for x in set(points[name]()) if math.isfinite(x)):
            nearest, rest = references.nearest(references.value(name, x))
            rows.append('  ' + json.dumps([x, number(nearest), round(rest, 3)]))
        lines.append(json.dumps(name) + ': [\n' + ',\n'.join(rows) + '\n]')
        print(name, len(rows))
    with open(sys.argv[1], 'w') as out:
        out.write('{\n' + ',\n'.join(lines) + '\n}\n')
