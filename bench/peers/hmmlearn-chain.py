"""One EM iteration of hmmlearn's CategoricalHMM (its recursions are C++): the pieces of its `fit`, in the order of its loop. Argument: data folder."""

import sys

import hmmlearn
import numpy as np
from hmmlearn.hmm import CategoricalHMM
from serve import load, serve

sizes, arrays, start = load(sys.argv[1])
y = arrays["y"].reshape(-1, 1)
lengths = [sizes["T"] // sizes["R"]] * sizes["R"]
hmm = CategoricalHMM(sizes["S"], init_params="", implementation="scaling", startprob_prior=1, transmat_prior=1, emissionprob_prior=1)
hmm.n_features = sizes["M"]
hmm.startprob_, hmm.transmat_, hmm.emissionprob_ = start["pi0"], start["A"], start["B"]


def expect():
    return hmm._do_estep(y, lengths)


stats, objective = expect()


def step():
    global stats, objective
    hmm._do_mstep(stats)
    stats, objective = expect()
    return objective


serve(step, objective, {"hmmlearn": hmmlearn.__version__, "numpy": np.__version__})
