"""Iris with labels: naive Bayes, half of the labels known, mixture discriminant analysis."""
import pathlib
import sys

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.naive_bayes import GaussianNB

HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples' / 'iris'
SPECIES = ['setosa', 'versicolor', 'virginica']
table = [line.split(',') for line in (HERE / 'iris.csv').read_text().split()[1:]]
x = np.array([[float(v) for v in row[:4]] for row in table])
y = np.array([SPECIES.index(row[4]) for row in table])
half = np.where(np.arange(len(y)) % 2 == 0, y, -1)


def log_normal(x, mean, cov):
    return multivariate_normal(mean, cov).logpdf(x)


def naive_bayes():
    fit = GaussianNB(var_smoothing=0).fit(x, y)
    own = np.array([[(-0.5 * np.log(2 * np.pi * v) - (x - m) ** 2 / (2 * v)).sum(1) for m, v in zip([fit.theta_[k]], [fit.var_[k]])][0] for k in range(3)]).T
    print('naive Bayes', (np.log(fit.class_prior_)[y] + own[np.arange(150), y]).sum(), np.sqrt(fit.var_[0]), 'training errors', (fit.predict(x) != y).sum())


def half_em():
    known = half >= 0
    r = np.full((150, 3), 1 / 3)
    r[known] = np.eye(3)[half[known]]
    before = -np.inf
    first = True
    while True:
        use = known if first else slice(None)  # the first M-step sees the labelled rows only
        first = False
        w = r[use]
        n = w.sum(0)
        pi = n / n.sum()
        mu = (w.T @ x[use]) / n[:, None]
        cov = [(w[:, k, None] * (x[use] - mu[k])).T @ (x[use] - mu[k]) / n[k] for k in range(3)]
        joint = np.log(pi) + np.array([log_normal(x, mu[k], cov[k]) for k in range(3)]).T
        likelihood = joint[known, half[known]].sum() + logsumexp(joint[~known], axis=1).sum()
        r = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
        r[known] = np.eye(3)[half[known]]
        if abs(likelihood - before) < 1e-13 * abs(likelihood):
            return likelihood, pi, mu, cov
        before = likelihood


def half_direct(start):
    known = half >= 0
    low = np.tril_indices(4)

    def unpack(v):
        pi = np.exp(np.append(v[:2], 0))
        covs = []
        for k in range(3):
            c = np.zeros((4, 4))
            c[low] = v[14 + 10 * k:24 + 10 * k]
            c[np.diag_indices(4)] = np.exp(np.diag(c))
            covs.append(c)
        return pi / pi.sum(), v[2:14].reshape(3, 4), covs

    def loss(v):
        pi, mu, chol = unpack(v)
        joint = np.empty((150, 3))
        for k in range(3):
            z = np.linalg.solve(chol[k], (x - mu[k]).T)
            joint[:, k] = np.log(pi[k]) - 0.5 * (z * z).sum(0) - np.log(np.diag(chol[k])).sum() - 2 * np.log(2 * np.pi)
        return -(joint[known, half[known]].sum() + logsumexp(joint[~known], axis=1).sum())

    _, pi, mu, cov = start
    v = [np.log(pi[:2] / pi[2]), mu.ravel()]
    for c in cov:
        c = np.linalg.cholesky(c)
        c[np.diag_indices(4)] = np.log(np.diag(c))
        v.append(c[low])
    v = np.concatenate(v)
    rng = np.random.default_rng(3)
    ends = []
    for jitter in (0, 0.05, 0.1):
        ends.append(-minimize(loss, v + jitter * rng.standard_normal(len(v)), method='L-BFGS-B', options={'maxiter': 5000, 'maxfun': 10 ** 6, 'ftol': 1e-15, 'gtol': 1e-9}).fun)
    return ends


def discriminant(R, starts, seed):
    rng = np.random.default_rng(seed)
    ends = []
    for _ in range(starts):
        r = np.zeros((150, 3, R))
        for k in range(3):
            rows = np.flatnonzero(y == k)
            centres = x[rng.choice(rows, R, replace=False)]
            nearest = ((x[rows, None] - centres) ** 2).sum(2).argmin(1)
            r[rows, k] = np.eye(R)[nearest]
        before = -np.inf
        for _ in range(20000):
            n = r.sum(0)
            mu = np.einsum('nkr,nd->krd', r, x) / n[:, :, None]
            cov = np.zeros((4, 4))
            for k in range(3):
                for j in range(R):
                    d = x - mu[k, j]
                    cov += (r[:, k, j, None] * d).T @ d
            cov /= 150
            share = n / n.sum(1, keepdims=True)
            joint = np.full((150, R), -np.inf)
            for k in range(3):
                for j in range(R):
                    joint[y == k, j] = np.log(share[k, j]) + log_normal(x[y == k], mu[k, j], cov)
            unit = logsumexp(joint, axis=1)
            likelihood = unit.sum() + 150 * np.log(1 / 3)
            for k in range(3):
                r[y == k, k] = np.exp(joint[y == k] - unit[y == k, None])
            if likelihood - before < 1e-12 * abs(likelihood):
                break
            before = likelihood
        ends.append((likelihood, share, cov))
    best = max(ends, key=lambda e: e[0])
    print('discriminant, R =', R, best[0], 'reached by', sum(e[0] > best[0] - 1e-3 for e in ends), 'of', starts)
    print(np.sort(best[1], 1).round(6).tolist(), np.diag(best[2]).round(6).tolist(), sorted({round(e[0], 3) for e in ends}, reverse=True)[:6])


naive_bayes()
em = half_em()
print('half labelled, EM', em[0], em[1].tolist(), em[2].round(6).tolist())
print('half labelled, direct', half_direct(em))
for R in (2, 3):
    discriminant(R, int(sys.argv[1]) if len(sys.argv) > 1 else 60, 7)
