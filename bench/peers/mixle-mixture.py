"""One EM iteration of mixle on a Gaussian mixture: its `seq_estimate` from the model before. Arguments: data folder, covariance type."""

import sys

import mixle
import numpy as np
from mixle.stats import (
    DiagonalGaussianDistribution,
    MixtureDistribution,
    MultivariateGaussianDistribution,
    seq_encode,
    seq_log_density_sum,
)
from mixle.stats.compute.sequence import seq_estimate
from serve import blas, load, serve

sizes, arrays, start = load(sys.argv[1])
kind = sys.argv[2]
part = DiagonalGaussianDistribution if kind == "diag" else MultivariateGaussianDistribution
spread = start["sigma"] ** 2 if kind == "diag" else start["Sigma"]
model = MixtureDistribution([part(m, s) for m, s in zip(start["mu"], spread)], start["pi"])
estimator = model.estimator()
data = seq_encode(arrays["x"], model=model)
objective = seq_log_density_sum(data, model)[1]


def step():
    global model
    model = seq_estimate(data, estimator, model)


serve(step, objective, {"mixle": mixle.__version__, "numpy": np.__version__, "blas": blas()}, lambda: seq_log_density_sum(data, model)[1])
