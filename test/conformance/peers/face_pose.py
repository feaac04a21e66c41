"""Coordinate ascent for the pose of a face in NumPy, and the angle of each view by nonlinear least squares with SciPy."""
import pathlib
import re

import numpy as np
from scipy.optimize import least_squares

HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples' / 'face-pose'
TEXT = (HERE / 'model.estep').read_text()
mx, my, oy, wx = (np.array(eval(re.search(rf'^const {n} = (.*)$', TEXT, re.M).group(1))) for n in ('mx', 'my', 'oy', 'wx'))
data = np.loadtxt(HERE / 'views.csv', delimiter=',', skiprows=1)
X, Y = data[:, :20], data[:, 20:]
truth = np.loadtxt(HERE / 'truth.csv', delimiter=',', skiprows=1)
z, one = np.zeros(20), np.ones(20)

# row of landmark l: pose (a, b, tx, ty) times base + c * mouth + d * wide, for x and for y
base = np.array([np.stack([mx, -my, one, z], 1), np.stack([my, mx, z, one], 1)]).reshape(40, 4)
mouth = np.array([np.stack([z, -oy, z, z], 1), np.stack([oy, z, z, z], 1)]).reshape(40, 4)
wide = np.array([np.stack([wx, z, z, z], 1), np.stack([z, wx, z, z], 1)]).reshape(40, 4)
forms = np.stack([base, mouth, wide])  # 3 × 40 × 4
prior = np.diag([1 / 9, 1 / 9, 1 / 100, 1 / 100])
views = np.concatenate([X, Y], 1)
s, before = 1.0, -np.inf
shape, spread = np.zeros((200, 2)), np.tile(np.eye(2), (200, 1, 1))
for _ in range(5000):
    bound, squares = 0.0, 0.0
    for v, value in enumerate(views):
        g = np.concatenate([[1], shape[v]])
        second = np.outer(g, g)
        second[1:, 1:] += spread[v]
        inverse = np.linalg.inv(prior + np.einsum('kl,kia,lib->ab', second, forms, forms) / s**2)
        pose = inverse @ np.einsum('k,kia,i->a', g, forms, value) / s**2
        moment = np.outer(pose, pose) + inverse
        gram = np.einsum('kia,lib,ab->kl', forms, forms, moment)
        cross = np.einsum('kia,a,i->k', forms, pose, value)
        spread[v] = np.linalg.inv(np.eye(2) + gram[1:, 1:] / s**2)
        shape[v] = spread[v] @ (cross[1:] - gram[0, 1:]) / s**2
        g = np.concatenate([[1], shape[v]])
        second = np.outer(g, g)
        second[1:, 1:] += spread[v]
        square = value @ value - 2 * cross @ g + (gram * second).sum()
        squares += square
        bound += -20 * np.log(2 * np.pi * s**2) - square / (2 * s**2)
        for q, p in ((moment, prior), (second[1:, 1:], np.eye(2))):
            bound += 0.5 * np.linalg.slogdet(p)[1] - 0.5 * (p * q).sum() + len(p) / 2
        bound += 0.5 * np.linalg.slogdet(inverse)[1] + 0.5 * np.linalg.slogdet(spread[v])[1]
    if abs(bound - before) < 1e-13 * abs(bound):
        break
    before = bound
    at = s
    s = np.sqrt(squares / data.size)
print('bound %.8f s %.10f' % (bound, at))


def residuals(p, value):
    a, b, tx, ty, c, d = p
    g = np.array([1, c, d])
    own = np.einsum('k,kia,a->i', g, forms, np.array([a, b, tx, ty]))
    return np.concatenate([(value - own) / s, [a / 3, b / 3, tx / 10, ty / 10, c, d]])


angles = []
for v, value in enumerate(views):
    p = least_squares(residuals, [1, 0, X[v].mean(), Y[v].mean(), 0, 0], args=(value,), xtol=1e-15, ftol=1e-15, gtol=1e-15).x
    angles.append(np.arctan2(p[1], p[0]))
error = np.degrees(np.array(angles) - truth[:, 0])
print('least squares: root mean square error %.3f degrees, the worst %.3f' % (np.sqrt((error**2).mean()), abs(error).max()))
