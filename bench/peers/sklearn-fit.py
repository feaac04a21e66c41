"""A whole fit of scikit-learn's GaussianMixture, from start values until its own stopping rule holds. Arguments: data folder, covariance type, tolerance."""

import json
import sys
import time

import numpy as np
from serve import blas, load
from sklearn.mixture import GaussianMixture

sizes, arrays, start = load(sys.argv[1])
kind = sys.argv[2]
x = arrays["x"]
mixture = GaussianMixture(
    sizes["K"],
    covariance_type=kind,
    reg_covar=0,
    tol=float(sys.argv[3]),
    max_iter=1000,
    weights_init=start["pi"],
    means_init=start["mu"],
    precisions_init=1 / start["sigma"] ** 2 if kind == "diag" else np.linalg.inv(start["Sigma"]),
)
begun = time.perf_counter()
mixture.fit(x)
seconds = time.perf_counter() - begun
# its lower bound is that of the params before the last M-step
objective = mixture.lower_bound_ * len(x)
print(json.dumps({"seconds": seconds, "iterations": mixture.n_iter_, "objective": objective, "blas": blas()}))
