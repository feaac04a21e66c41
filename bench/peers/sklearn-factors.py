"""One iteration of scikit-learn's FactorAnalysis (svd_method="lapack"): the difference between fits of one and of more iterations,
since its loop cannot be entered from outside. It maximises over the loadings in each iteration, so that it takes fewer of them. Argument: data folder."""

import json
import sys
import time
import warnings

import numpy as np
import sklearn
from serve import blas, load
from sklearn.decomposition import FactorAnalysis

warnings.simplefilter("ignore")
sizes, arrays, start = load(sys.argv[1])
x = arrays["x"]


def fit(iterations):
    analysis = FactorAnalysis(sizes["Q"], tol=0, max_iter=iterations, svd_method="lapack", noise_variance_init=start["psi"] ** 2)
    begun, used = time.perf_counter(), time.process_time()
    analysis.fit(x)
    return time.perf_counter() - begun, time.process_time() - used, analysis.loglike_[-1]


versions = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "blas": blas()}
print(json.dumps({"ready": True, "objective": None, "versions": versions}), flush=True)
for line in sys.stdin:
    count = int(line)
    base, more = fit(1), fit(count)
    per = [(more[i] - base[i]) / (count - 1) for i in (0, 1)]
    print(json.dumps({"seconds": [per[0]] * count, "processor": [per[1]] * count, "objective": float(more[2])}), flush=True)
