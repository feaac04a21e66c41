"""Spherical Gaussian mixtures in 1, 2 and 5 dimensions: scikit-learn from given starts, without its floor."""
import json
import pathlib

import numpy as np
from sklearn import __version__
from sklearn.mixture import GaussianMixture

K = 2
cases = []
for d in (1, 2, 5):
    rng = np.random.default_rng(d)
    x = np.round(np.concatenate([rng.normal(0, 1, (40, d)), rng.normal(2.5, 0.6, (30, d))]), 3)
    start = {'pi': [0.5, 0.5], 'mu': [[0.5] * d, [2.0] * d], 'sigma': [1.0, 0.8]}
    fit = GaussianMixture(K, covariance_type='spherical', tol=0, max_iter=20000, reg_covar=0, weights_init=start['pi'],
                          means_init=start['mu'], precisions_init=1 / np.square(start['sigma'])).fit(x)
    cases.append({'x': x.tolist(), 'start': start, 'logLikelihood': float(fit.score(x) * len(x)), 'pi': fit.weights_.tolist(),
                  'mu': fit.means_.tolist(), 'sigma': np.sqrt(fit.covariances_).tolist()})
out = {'program': f'scikit-learn {__version__}', 'cases': cases}
pathlib.Path(__file__).with_suffix('.json').write_text(json.dumps(out) + '\n')
