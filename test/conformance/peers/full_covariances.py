"""Variational Bayes of Gaussian mixtures of Old Faithful with full covariances: the fixed point equations, written out.

q(pi) q(mu) q(Sigma) q(z) with pi ~ Dirichlet, mu_k ~ Normal(m, V) and Sigma_k ~ inverse Wishart(nu, S), independent of each
other. Each factor is exp E[log p] over the others (Bishop 2006, eq. 10.9); expectations of Wishart matrices are those of his
appendix B. The bound is E_q log p - E_q log q, term by term.
"""
import csv
import json
import pathlib

import numpy as np
import scipy
from scipy.special import digamma, gammaln, logsumexp, multigammaln, xlogy
from scipy.stats import dirichlet, multivariate_normal

HERE = pathlib.Path(__file__)
FAITHFUL = HERE.parents[3] / 'examples' / 'old-faithful' / 'faithful.csv'


def expected_logdet(nu, scale):
    """E log |Sigma| of an inverse Wishart."""
    d = len(scale)
    return np.linalg.slogdet(scale)[1] - d * np.log(2) - digamma(0.5 * (nu - np.arange(d))).sum()


def wishart_constant(nu, scale):
    d = len(scale)
    return 0.5 * nu * np.linalg.slogdet(scale)[1] - 0.5 * nu * d * np.log(2) - multigammaln(0.5 * nu, d)


def fit(x, k, prior, sweeps=2000):
    n, d = x.shape
    alpha0, m0, v0, nu0, s0 = (np.array(prior[name], float) for name in ('alpha', 'mean', 'cov', 'nu', 'scale'))
    p0 = np.linalg.inv(v0)
    r = np.zeros((n, k))
    r[np.arange(n), (x[:, 1] > 68).astype(int)] = 1
    precision = [np.linalg.inv(np.cov(x.T))] * k
    bounds = []
    for _ in range(sweeps):
        counts = r.sum(0)
        alpha = alpha0 + counts
        cov = [np.linalg.inv(p0 + counts[j] * precision[j]) for j in range(k)]
        mean = [cov[j] @ (p0 @ m0 + precision[j] @ (r[:, j] @ x)) for j in range(k)]
        nu = nu0 + counts
        scale = []
        for j in range(k):
            e = x - mean[j]
            scale.append(s0 + (r[:, j, None] * e).T @ e + counts[j] * cov[j])
        precision = [nu[j] * np.linalg.inv(scale[j]) for j in range(k)]
        logdet = [expected_logdet(nu[j], scale[j]) for j in range(k)]
        log_pi = digamma(alpha) - digamma(alpha.sum())
        log_rho = np.zeros((n, k))
        for j in range(k):
            e = x - mean[j]
            square = np.einsum('ni,ij,nj->n', e, precision[j], e) + np.trace(precision[j] @ cov[j])
            log_rho[:, j] = log_pi[j] - 0.5 * d * np.log(2 * np.pi) - 0.5 * logdet[j] - 0.5 * square
        r = np.exp(log_rho - logsumexp(log_rho, axis=1, keepdims=True))
        bound = (r * log_rho).sum() - xlogy(r, r).sum()
        bound += gammaln(k * alpha0) - k * gammaln(alpha0) + (alpha0 - 1) * log_pi.sum() + dirichlet(alpha).entropy()
        for j in range(k):
            e = mean[j] - m0
            bound += -0.5 * d * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(v0)[1] - 0.5 * (e @ p0 @ e + np.trace(p0 @ cov[j]))
            bound += multivariate_normal(mean[j], cov[j]).entropy()
            bound += wishart_constant(nu0, s0) - 0.5 * (nu0 + d + 1) * logdet[j] - 0.5 * np.trace(s0 @ precision[j])
            # scipy 1.17's entropy of an inverse Wishart is D (D + 1)/4 log 2 too large: it is written out
            bound -= wishart_constant(nu[j], scale[j]) - 0.5 * (nu[j] + d + 1) * logdet[j] - 0.5 * nu[j] * d
        bounds.append(bound)
    assert np.diff(bounds).min() > -1e-9, np.diff(bounds).min()
    order = np.argsort([m[0] for m in mean])
    tidy = lambda a: np.asarray(a)[order].tolist()
    return {
        'components': k, 'prior': prior, 'bound': float(bound), 'alpha': tidy(alpha), 'means': tidy(mean),
        'covariances_of_means': tidy(cov), 'df': tidy(nu), 'scales': tidy(scale),
    }


def main():
    x = np.array([[float(r['eruptions']), float(r['waiting'])] for r in csv.DictReader(FAITHFUL.open())])
    prior = {'alpha': 0.7, 'mean': [3.0, 70.0], 'cov': [[10.0, 5.0], [5.0, 900.0]], 'nu': 4.0, 'scale': [[0.5, 1.0], [1.0, 60.0]]}
    made = {'program': f'numpy {np.__version__}, scipy {scipy.__version__}', **fit(x, 2, prior)}
    HERE.with_name('full-covariances.json').write_text(json.dumps(made, indent=1) + '\n')


if __name__ == '__main__':
    main()
