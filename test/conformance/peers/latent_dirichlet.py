"""Bounds of latent Dirichlet allocation: scikit-learn's with topics latent too, and NumPy's EM with topics as parameters."""
import csv
import pathlib
import sys

import numpy as np
import sklearn
from scipy.optimize import brentq
from scipy.special import digamma, gammaln
from sklearn.decomposition import LatentDirichletAllocation

HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples' / 'latent-dirichlet'


def table(name):
    rows = list(csv.DictReader((HERE / name).open()))
    docs, words = sorted({r['doc'] for r in rows}), sorted({r['word'] for r in rows})
    n = np.zeros((len(docs), len(words)))
    for r in rows:
        n[docs.index(r['doc']), words.index(r['word'])] += int(r['n_times'])
    return n


def bayesian(n, k, alpha, eta, seed):
    model = LatentDirichletAllocation(
        k, doc_topic_prior=alpha, topic_word_prior=eta, learning_method='batch', max_iter=5000,
        max_doc_update_iter=2000, mean_change_tol=1e-9, evaluate_every=0, random_state=seed,
    ).fit(n)
    return model._approx_bound(n, model._unnormalized_transform(n), sub_sampling=False)


def log_theta(gamma):
    return digamma(gamma) - digamma(gamma.sum(-1, keepdims=True))


def em(n, k, rng, iterations=20000):
    """Blei, Ng and Jordan (2003), section 5.3: one variational update an iteration, then alpha (one number) and topics."""
    d, v = n.shape
    beta = rng.dirichlet(np.ones(v), k)
    alpha, gamma, before = 1.0, rng.gamma(100, 0.01, (d, k)) + n.sum(1, keepdims=True) / k, -np.inf
    for _ in range(iterations):
        expected = log_theta(gamma)
        weight = np.exp(expected)[:, None, :] * beta.T[None, :, :]
        total = weight.sum(-1)
        phi = weight / np.maximum(total, 1e-300)[..., None]
        own = n[..., None] * phi
        gamma = alpha + own.sum(1)
        expected = log_theta(gamma)
        with np.errstate(divide='ignore', invalid='ignore'):
            words = own * np.where(own > 0, expected[:, None, :] + np.log(beta.T)[None] - np.log(phi), 0)
        bound = (
            np.nansum(words)
            + d * (gammaln(k * alpha) - k * gammaln(alpha)) + ((alpha - 1) * expected).sum()
            - (gammaln(gamma.sum(1)) - gammaln(gamma).sum(1)).sum() - ((gamma - 1) * expected).sum()
        )
        if bound - before < 1e-12 * abs(bound):
            break
        before = bound
        beta = own.sum(0).T
        beta /= beta.sum(1, keepdims=True)
        mean = expected.mean()
        alpha = brentq(lambda a: digamma(k * a) - digamma(a) + mean, 1e-6, 1e6, xtol=1e-13)
    return bound, alpha


def main():
    starts = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    n = table('pride.csv')
    print('scikit-learn', sklearn.__version__, 'NumPy', np.__version__)
    print('topics latent, K = 2:', max(bayesian(n, 2, 0.5, 0.1, s) for s in range(min(starts, 6))))
    best = max(em(n, 2, np.random.default_rng(s)) for s in range(starts))
    print('topics as parameters, K = 2: bound %.6f, alpha %.6f' % best)


if __name__ == '__main__':
    main()
