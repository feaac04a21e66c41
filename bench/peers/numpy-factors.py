"""One EM iteration of factor analysis in NumPy, of the whole data or a few thousand rows at a time. Arguments: data folder, way.

`scatter` reduces the data once to its D x D scatter matrix, which is all that this model needs of it; it never sees a row again."""

import sys

import numpy as np
from serve import blas, load, serve

sizes, arrays, start = load(sys.argv[1])
way = sys.argv[2]
x = arrays["x"]
n, d = x.shape
q = sizes["Q"]
mu, W, sd = start["mu"], start["W"], start["psi"]
total, squares = x.sum(axis=0), np.einsum("nd,nd->d", x, x)
scatter = x.T @ x if way == "scatter" else None


def expect():
    """Sums of E f, E f fᵀ and x E fᵀ over the rows; the log-likelihood."""
    scaled = W / sd[:, None] ** 2
    precision = np.eye(q) + W.T @ scaled
    gain = np.linalg.solve(precision, scaled.T)  # E f = gain (x − mu)
    shift = gain @ mu
    if way == "scatter":
        f1 = gain @ total - n * shift
        xf = scatter @ gain.T - np.outer(total, shift)
        ff = gain @ xf - np.outer(shift, f1)
    elif way == "rows":
        f = x @ gain.T
        f -= shift
        f1, ff, xf = f.sum(axis=0), f.T @ f, x.T @ f
    else:
        f1, ff, xf = np.zeros(q), np.zeros((q, q)), np.zeros((d, q))
        for at in range(0, n, 4096):
            part = x[at : at + 4096]
            f = part @ gain.T
            f -= shift
            f1 += f.sum(axis=0)
            ff += f.T @ f
            xf += part.T @ f
    quadratic = ((squares - 2 * mu * total + n * mu**2) / sd**2).sum() - np.trace(precision @ ff)
    log_det = 2 * np.log(sd).sum() + np.linalg.slogdet(precision)[1]
    objective = -0.5 * (n * (d * np.log(2 * np.pi) + log_det) + quadratic)
    return objective, f1, ff + n * np.linalg.inv(precision), xf


objective, f1, ff, xf = expect()


def step():
    global objective, f1, ff, xf, mu, W, sd
    # x on (1, f), all columns at once
    gram = np.block([[np.array([[n]]), f1[None, :]], [f1[:, None], ff]])
    right = np.column_stack([total, xf])
    solution = np.linalg.solve(gram, right.T).T
    mu, W = solution[:, 0], solution[:, 1:]
    sd = np.sqrt((squares - np.einsum("dq,dq->d", solution, right)) / n)
    objective, f1, ff, xf = expect()
    return objective


serve(step, objective, {"numpy": np.__version__, "blas": blas()})
