"""One EM iteration of scikit-learn's GaussianMixture: its own E-step and M-step, in the order of its loop. Arguments: data folder, covariance type."""

import sys

import numpy as np
import sklearn
from serve import blas, load, serve
from sklearn.mixture import GaussianMixture

sizes, arrays, start = load(sys.argv[1])
kind = sys.argv[2]
x = arrays["x"]
precisions = 1 / start["sigma"] ** 2 if kind == "diag" else np.linalg.inv(start["Sigma"])
mixture = GaussianMixture(
    sizes["K"],
    covariance_type=kind,
    reg_covar=0,
    weights_init=start["pi"],
    means_init=start["mu"],
    precisions_init=precisions,
)
mixture._initialize_parameters(x, np.random.RandomState(0))
state = mixture._e_step(x)


def step():
    global state
    log_norm, log_resp = state
    state = None
    mixture._m_step(x, log_resp)
    del log_resp
    state = mixture._e_step(x)
    return mixture._compute_lower_bound(state[1], state[0]) * len(x)


serve(step, state[0] * len(x), {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "blas": blas()})
