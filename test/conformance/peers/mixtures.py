"""MAP mixture, clusters with noise, mixture of experts: direct maximisation (SciPy) from many starts."""
import pathlib
import sys

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, logsumexp
from scipy.stats import dirichlet, invwishart, multivariate_normal, norm

HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples'
STARTS = int(sys.argv[1]) if len(sys.argv) > 1 else 20


def table(name):
    return np.array([[float(v) for v in line.split(',')] for line in (HERE / name).read_text().split()[1:]])


def best(name, loss, starts, unpack):
    fits = [minimize(loss, s, method='L-BFGS-B', options={'maxiter': 5000, 'maxfun': 10 ** 6, 'ftol': 1e-15, 'gtol': 1e-9}) for s in starts]
    fits.sort(key=lambda f: f.fun)
    print(name, -fits[0].fun, 'reached by', sum(f.fun < fits[0].fun + 1e-5 for f in fits), 'of', len(fits), sorted({round(-f.fun, 3) for f in fits}, reverse=True)[:5])
    for v in unpack(fits[0].x):
        print('   ', np.round(v, 6).tolist())
    return unpack(fits[0].x)


def gaussians(v, K, D):
    """Means and Cholesky factors from K(D + D(D+1)/2) numbers."""
    mu, low = v[:K * D].reshape(K, D), np.tril_indices(D)
    chol = np.zeros((K, D, D))
    for k, part in enumerate(v[K * D:].reshape(K, -1)):
        chol[k][low] = part
        chol[k][np.diag_indices(D)] = np.exp(np.diag(chol[k]))
    return mu, chol


def log_normal(x, mu, chol):
    z = np.linalg.solve(chol, (x - mu).T)
    return -0.5 * (z * z).sum(0) - np.log(np.diag(chol)).sum() - x.shape[1] / 2 * np.log(2 * np.pi)


def start(x, K, extra, rng):
    centres = x[rng.choice(len(x), K, replace=False)]
    spread = np.zeros((2, 2))
    spread[np.diag_indices(2)] = np.log(x.std(0) / 2)
    return np.concatenate([np.zeros(extra), centres.ravel(), np.tile(spread[np.tril_indices(2)], K)])


def map_mixture():
    x, K, D = table('map-mixture/faithful.csv'), 2, 2

    def unpack(v):
        w = np.exp(np.append(v[:K - 1], 0))
        mu, chol = gaussians(v[K - 1:], K, D)
        return w / w.sum(), mu, chol @ chol.transpose(0, 2, 1)

    def parts(v):
        w, mu, cov = unpack(v)
        _, chol = gaussians(v[K - 1:], K, D)
        likelihood = logsumexp([np.log(w[k]) + log_normal(x, mu[k], chol[k]) for k in range(K)], axis=0).sum()
        prior = dirichlet([2] * K).logpdf(w) + norm(0, 10).logpdf(mu).sum() + sum(invwishart(D + 2, np.eye(D)).logpdf(c) for c in cov)
        return likelihood, prior

    rng = np.random.default_rng(1)
    found = best('MAP mixture', lambda v: -sum(parts(v)), [start(x, K, K - 1, rng) for _ in range(STARTS)], unpack)
    w, mu, cov = found
    print('    log-likelihood', logsumexp([np.log(w[k]) + multivariate_normal(mu[k], cov[k]).logpdf(x) for k in range(K)], axis=0).sum())


def noisy_clusters():
    x, K, D = table('noisy-clusters/points.csv'), 2, 2
    noise = -np.log(np.ptp(x, axis=0)).sum()

    def unpack(v):
        w = np.exp(np.append(v[:K], 0))
        mu, chol = gaussians(v[K:], K, D)
        return w / w.sum(), mu, chol @ chol.transpose(0, 2, 1)

    def loss(v):
        w = unpack(v)[0]
        mu, chol = gaussians(v[K:], K, D)
        return -logsumexp([np.log(w[k]) + log_normal(x, mu[k], chol[k]) for k in range(K)] + [np.full(len(x), np.log(w[K]) + noise)], axis=0).sum()

    rng = np.random.default_rng(2)
    w, mu, cov = best('noisy clusters', loss, [start(x, K, K, rng) for _ in range(STARTS)], unpack)
    for _ in range(2000):  # EM from a displaced end comes back to it
        joint = np.array([np.log(w[k]) + multivariate_normal(mu[k], cov[k]).logpdf(x) for k in range(K)] + [np.full(len(x), np.log(w[K]) + noise)])
        unit = logsumexp(joint, axis=0)
        r = np.exp(joint - unit)
        w = r.mean(1)
        mu = np.array([r[k] @ x / r[k].sum() for k in range(K)])
        cov = np.array([(r[k, :, None] * (x - mu[k])).T @ (x - mu[k]) / r[k].sum() for k in range(K)])
    print('    EM', unit.sum(), np.round(w, 6).tolist())


def switching():
    t = table('switching/points.csv')
    x, y = t[:, :2], t[:, 2]

    def unpack(v):
        return v[:2], v[2:6].reshape(2, 2), np.exp(v[6:])

    def loss(v):
        g, beta, sigma = unpack(v)
        gate = np.array([-np.logaddexp(0, -(x @ g)), -np.logaddexp(0, x @ g)])
        return -logsumexp(gate + norm(beta @ x.T, sigma[:, None]).logpdf(y), axis=0).sum()

    rng = np.random.default_rng(3)
    best('switching (G as the difference of its rows)', loss, [np.concatenate([np.zeros(2), rng.normal(0, 2, 4), np.zeros(2)]) for _ in range(STARTS)], unpack)


map_mixture()
noisy_clusters()
switching()
