"""Single fits of scikit-learn and hmmlearn at their defaults to data of the reference cases, one a seed.

Prints a line of JSON a fit: value (the objective of the case where the fit ends by itself), carried (the same after its EM has gone on
to convergence), passes over the data. Arguments: case, number of seeds. Without arguments: the cases.
"""

import json
import pathlib
import sys
import warnings

import hmmlearn
import numpy as np
import sklearn
from hmmlearn.hmm import GaussianHMM, PoissonHMM
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

warnings.filterwarnings("ignore")
DATA = pathlib.Path(__file__).resolve().parents[3] / "test" / "conformance" / "data"


def columns(file, *names):
    header, *rows = (DATA / file).read_text().split()
    places = [header.split(",").index(name) for name in names]
    return np.array([[float(row.split(",")[at]) for at in places] for row in rows])


faithful = ("faithful.csv", "eruptions", "waiting")
iris = ("iris.csv", "sl", "sw", "pl", "pw")
image = ("image1.csv", "t1", "t2")
galaxies = ("galaxies.csv", "velocity")
MIXTURES = {
    "A04-faithful-gmm-spherical": (faithful, 2, "spherical"),
    "A05-faithful-gmm-diag": (faithful, 2, "diag"),
    "A06-faithful-gmm-full": (faithful, 2, "full"),
    "A07-faithful-gmm-tied": (faithful, 2, "tied"),
    "A08-iris-gmm-full": (iris, 3, "full"),
    "A09-galaxies-k3-equal": (galaxies, 3, "tied"),
    "A09-galaxies-k4-equal": (galaxies, 4, "tied"),
    "A09-galaxies-k5-equal": (galaxies, 5, "tied"),
    "A52-image1-gmm-diag": (image, 3, "diag"),
    "A52-image1-gmm-full": (image, 3, "full"),
    "A52-image1-gmm-spherical": (image, 3, "spherical"),
    "A52-image1-gmm-tied": (image, 3, "tied"),
    "A54-image2-complete-gmm-full": (("image2_complete.csv", "t1", "t2"), 3, "full"),
}
MEANS = {"A13-iris-kmeans": (iris, 3), "A14-faithful-kmeans": (faithful, 2)}
CHAINS = {
    "A27-earthquakes-hmm-k2": (("earthquakes.csv", "count"), 2, PoissonHMM),
    "A27-earthquakes-hmm-k3": (("earthquakes.csv", "count"), 3, PoissonHMM),
    "A28-discoveries-hmm-k2": (("discoveries.csv", "count"), 2, PoissonHMM),
    "A29-geyser-gausshmm-k2": (("geyser.csv", "waiting"), 2, GaussianHMM),
}


def mixture(data, k, kind, seed):
    x = columns(*data)
    fit = GaussianMixture(k, covariance_type=kind, random_state=seed).fit(x)
    # the start of the same seed: k-means++ (a pass for each centre), then Lloyd's iterations
    start = KMeans(k, n_init=1, random_state=np.random.RandomState(seed)).fit(x)
    on = GaussianMixture(
        k,
        covariance_type=kind,
        tol=1e-11,
        max_iter=50_000,
        reg_covar=0,
        weights_init=fit.weights_,
        means_init=fit.means_,
        precisions_init=fit.precisions_,
    )
    try:
        carried = on.fit(x).score(x) * len(x)
    except ValueError:  # a component has collapsed
        carried = fit.score(x) * len(x)
    return fit.score(x) * len(x), carried, k + start.n_iter_ + fit.n_iter_ + 1


def means(data, k, seed):
    x = columns(*data)
    fit = KMeans(k, random_state=seed).fit(x)
    on = KMeans(k, init=fit.cluster_centers_, n_init=1, tol=0, max_iter=1000).fit(x)
    # the objective of the case: Normals of sd 1 and weights 1/K, labels at their most probable values
    of = lambda inertia: -inertia / 2 - len(x) * (np.log(k) + x.shape[1] / 2 * np.log(2 * np.pi))
    return of(fit.inertia_), of(on.inertia_), k + fit.n_iter_


def chain(data, k, kind, seed):
    x = columns(*data)
    x = x.astype(int) if kind is PoissonHMM else x
    fit = kind(k, random_state=seed).fit(x)
    # its prior on variances is a default, and not part of the model
    plain = {"covars_prior": 0, "covars_weight": 0} if kind is GaussianHMM else {}
    on = kind(k, init_params="", n_iter=50_000, tol=1e-10, **plain)
    names = ["startprob_", "transmat_", *(["means_", "covars_"] if kind is GaussianHMM else ["lambdas_"])]
    for name in names:
        value = getattr(fit, name)
        setattr(on, name, value.reshape(k, -1) if name == "covars_" else value)
    return fit.score(x), on.fit(x).score(x), fit.monitor_.iter + 1


def run(case, seed):
    if case in MIXTURES:
        return ("scikit-learn GaussianMixture", sklearn.__version__, *mixture(*MIXTURES[case], seed))
    if case in MEANS:
        return ("scikit-learn KMeans", sklearn.__version__, *means(*MEANS[case], seed))
    return ("hmmlearn", hmmlearn.__version__, *chain(*CHAINS[case], seed))


if len(sys.argv) < 2:
    print(*MIXTURES, *MEANS, *CHAINS)
for seed in range(int(sys.argv[2]) if len(sys.argv) > 2 else 0):
    try:
        peer, version, value, carried, passes = run(sys.argv[1], seed)
    except ValueError as error:  # hmmlearn ends some fits so
        print(json.dumps({"seed": seed, "failed": str(error)[:80]}))
        continue
    print(json.dumps({"peer": peer, "version": version, "seed": seed, "value": float(value), "carried": float(carried), "passes": int(passes)}))
