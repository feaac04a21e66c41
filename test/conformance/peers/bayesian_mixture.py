"""Variational Bayes of Gaussian mixtures of Old Faithful: scikit-learn's BayesianGaussianMixture, without its floor.

Means are Normal with a precision that is a multiple of that of their component (Bishop 2006, section 10.2.1). `lower_bound_`
leaves out what depends on the priors and the number of rows alone; `constant` is that, so that the two add up to the bound.
For diagonal precisions scikit-learn takes E[log lambda] of a Wishart, whose digammas are shifted by one half a dimension, in
place of those of independent Gammas, and for spherical ones in place of that of the one Gamma; `Diagonal` and `Spherical` have
those of Gammas, and `constant` goes with them. In one dimension, and for full matrices, both agree. Its tied matrix gets the
part of the rows that one component has, which is the posterior of no model.
"""
import csv
import json
import pathlib

import numpy as np
from scipy.special import digamma, gammaln
from sklearn import __version__
from sklearn.mixture import BayesianGaussianMixture
from sklearn.mixture._gaussian_mixture import _estimate_log_gaussian_prob

HERE = pathlib.Path(__file__)
FAITHFUL = HERE.parents[3] / 'examples' / 'old-faithful' / 'faithful.csv'


class Diagonal(BayesianGaussianMixture):
    """Independent Gammas for the precisions of a component."""

    def _estimate_log_prob(self, X, **_):
        nu, d = self.degrees_of_freedom_, X.shape[1]
        log_gauss = _estimate_log_gaussian_prob(X, self.means_, self.precisions_cholesky_, 'diag') - 0.5 * d * np.log(nu)
        return log_gauss + 0.5 * (d * np.log(2) + d * digamma(0.5 * nu) - d / self.mean_precision_)

    def _compute_lower_bound(self, log_resp, log_prob_norm):
        nu, d = self.degrees_of_freedom_, self.means_.shape[1]
        half = np.log(self.precisions_cholesky_).sum(1) - 0.5 * d * np.log(nu)
        gammas = nu * half + d * (0.5 * nu * np.log(2) + gammaln(0.5 * nu))
        return (
            -np.sum(np.exp(log_resp) * log_resp) + gammas.sum() + log_beta(self.weight_concentration_)
            - 0.5 * d * np.log(self.mean_precision_).sum()
        )


class Spherical(BayesianGaussianMixture):
    """One Gamma for the precision of a component."""

    def _estimate_log_prob(self, X, **_):
        d = X.shape[1]
        shape = 0.5 * d * self.degrees_of_freedom_
        log_gauss = _estimate_log_gaussian_prob(X, self.means_, self.precisions_cholesky_, 'spherical')
        return log_gauss + 0.5 * d * (digamma(shape) - np.log(shape)) - 0.5 * d / self.mean_precision_

    def _compute_lower_bound(self, log_resp, log_prob_norm):
        d = self.means_.shape[1]
        shape = 0.5 * d * self.degrees_of_freedom_
        gammas = gammaln(shape) - shape * np.log(shape * self.covariances_)
        return (
            -np.sum(np.exp(log_resp) * log_resp) + gammas.sum() + log_beta(self.weight_concentration_)
            - 0.5 * d * np.log(self.mean_precision_).sum()
        )


def log_beta(alpha):
    return gammaln(alpha).sum() - gammaln(alpha.sum())


def log_wishart(nu, inverse_scale, diagonal):
    """log of the normaliser, without pi: half nu log |W| + half nu D log 2 + the gammas."""
    d = len(inverse_scale)
    shifts = np.zeros(d) if diagonal else np.arange(d)
    return -0.5 * nu * np.linalg.slogdet(inverse_scale)[1] + 0.5 * nu * d * np.log(2) + gammaln(0.5 * (nu - shifts)).sum()


def case(name, x, k, kind, prior, seed=0):
    n, d = x.shape
    diagonal = kind == 'diag'
    spherical = kind == 'spherical'
    cls = Spherical if spherical else Diagonal if diagonal and d > 1 else BayesianGaussianMixture
    fit = cls(
        n_components=k, covariance_type=kind, tol=0, max_iter=1000, reg_covar=0, random_state=seed,
        weight_concentration_prior_type='dirichlet_distribution', weight_concentration_prior=prior['alpha'],
        mean_precision_prior=prior['beta'], mean_prior=prior['mean'], degrees_of_freedom_prior=prior['nu'],
        covariance_prior=prior['scale'],
    ).fit(x)
    if spherical:
        shape = 0.5 * d * prior['nu']
        spread = gammaln(shape) - shape * np.log(0.5 * d * prior['scale'])
    else:
        inverse_scale = np.diag(prior['scale']) if diagonal else np.array(prior['scale'])
        spread = log_wishart(prior['nu'], inverse_scale, diagonal)
    constant = -0.5 * n * d * np.log(2 * np.pi) - log_beta(np.full(k, prior['alpha'])) + k * (
        0.5 * d * np.log(prior['beta']) - spread
    )
    order = np.argsort(fit.means_[:, 0])
    tidy = lambda a: np.asarray(a)[order].tolist()
    return {
        'name': name, 'kind': kind, 'components': k, 'prior': prior,
        'weight_concentration': tidy(fit.weight_concentration_), 'means': tidy(fit.means_),
        'mean_precision': tidy(fit.mean_precision_), 'degrees_of_freedom': tidy(fit.degrees_of_freedom_),
        'covariances': tidy(fit.covariances_), 'lower_bound': float(fit.lower_bound_), 'constant': float(constant),
    }


def main():
    rows = [[float(r['eruptions']), float(r['waiting'])] for r in csv.DictReader(FAITHFUL.open())]
    x = np.array(rows)
    cases = [
        case('one-dimension', x[:, :1], 2, 'diag',
             {'alpha': 0.7, 'beta': 0.2, 'mean': [3.0], 'nu': 4.0, 'scale': [0.5]}),
        case('diagonal', x, 2, 'diag',
             {'alpha': 0.7, 'beta': 0.2, 'mean': [3.0, 70.0], 'nu': 4.0, 'scale': [0.5, 60.0]}),
        case('full', x, 2, 'full',
             {'alpha': 0.7, 'beta': 0.2, 'mean': [3.0, 70.0], 'nu': 4.0, 'scale': [[0.5, 1.0], [1.0, 60.0]]}),
        case('spherical', x, 2, 'spherical',
             {'alpha': 0.7, 'beta': 0.2, 'mean': [3.0, 70.0], 'nu': 4.0, 'scale': 30.0}),
    ]
    HERE.with_name('bayesian-mixture.json').write_text(
        json.dumps({'program': f'scikit-learn {__version__}', 'cases': cases}, indent=1) + '\n'
    )


if __name__ == '__main__':
    main()
