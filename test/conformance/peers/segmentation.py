"""Colours of a photograph as a mixture of Gaussians, and by k-means: scikit-learn from many starts."""
import pathlib
import sys

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

STARTS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples/segmentation'
x = np.loadtxt(HERE / 'pixels.csv', delimiter=',', skiprows=1)
print('scikit-learn', sklearn.__version__)
for k in (2, 5):
    # k-means++ starts need a floor under the covariances; the fits go on without it.
    fits = [GaussianMixture(k, random_state=s, tol=1e-6, max_iter=5000, init_params='k-means++').fit(x) for s in range(STARTS)]
    fits = [GaussianMixture(k, tol=1e-10, max_iter=5000, reg_covar=0, weights_init=g.weights_, means_init=g.means_, precisions_init=g.precisions_).fit(x) for g in fits]
    fits.sort(key=lambda g: -g.score(x))
    values = [g.score(x) * len(x) for g in fits]
    print('K', k, 'log-likelihoods', [round(v, 2) for v in values])
    for g in {round(g.score(x) * len(x), 1): g for g in reversed(fits)}.values():
        order = np.argsort(g.means_[:, 0])
        print('   log-likelihood', g.score(x) * len(x), 'pi', g.weights_[order].round(8).tolist())
        print('   mu', g.means_[order].round(6).tolist())
        print('   Sigma', g.covariances_[order].round(3).tolist())
    means = KMeans(k, n_init=STARTS, random_state=1).fit(x)
    print('   k-means: within sum of squares', means.inertia_, 'sizes', np.bincount(means.labels_).tolist(), means.cluster_centers_.round(1).tolist())
