"""One EM iteration of pomegranate's GeneralMixtureModel in float64: summarize and from_summaries, as its `fit` calls them. Arguments: data folder, covariance type."""

import sys
from importlib.metadata import version

import numpy as np
import torch
from pomegranate.distributions import Normal
from pomegranate.gmm import GeneralMixtureModel
from serve import load, serve

threads = int(sys.argv[3])
torch.set_num_threads(threads)
torch.set_default_dtype(torch.float64)
sizes, arrays, start = load(sys.argv[1])
kind = sys.argv[2]
x = torch.from_numpy(arrays["x"])
spread = start["sigma"] ** 2 if kind == "diag" else start["Sigma"]
parts = [Normal(means=torch.tensor(m), covs=torch.tensor(np.array(s)), covariance_type=kind) for m, s in zip(start["mu"], spread)]
mixture = GeneralMixtureModel(parts, priors=torch.tensor(start["pi"]))


def expect():
    return float(mixture.summarize(x).sum())


with torch.no_grad():
    objective = expect()

    def step():
        mixture.from_summaries()
        return expect()

    serve(step, objective, {"pomegranate": version("pomegranate"), "torch": torch.__version__, "threads": torch.get_num_threads()})
