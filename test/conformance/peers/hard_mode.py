"""Figures of test/hard/viterbi.test.ts and test/hard/k-means.test.ts: hmmlearn 0.3.3 and scikit-learn 1.9.1."""
import csv
import pathlib

import numpy as np
from hmmlearn.hmm import GaussianHMM, PoissonHMM
from sklearn.cluster import KMeans

DATA = pathlib.Path(__file__).resolve().parents[1] / 'data'


def columns(file, *names):
    with open(f"{DATA}/{file}") as f:
        return np.array([[float(row[n]) for n in names] for row in csv.DictReader(f)])


def show(name, decoded):
    print(name, repr(float(decoded[0])), "".join(str(state + 1) for state in decoded[1]))


quakes = PoissonHMM(3)
quakes.n_features = 1
quakes.startprob_ = np.array([0.5, 0.3, 0.2])
quakes.transmat_ = np.array([[0.9, 0.07, 0.03], [0.05, 0.85, 0.1], [0.02, 0.18, 0.8]])
quakes.lambdas_ = np.array([[13.0], [20.0], [30.0]])
counts = columns("earthquakes.csv", "count").astype(int)
show("earthquakes", quakes.decode(counts))
print("marginal", repr(float(quakes.score(counts))))

geyser = GaussianHMM(2, covariance_type="diag")
geyser.startprob_ = np.array([0.4, 0.6])
geyser.transmat_ = np.array([[0.05, 0.95], [0.6, 0.4]])
geyser.means_ = np.array([[55.0], [82.0]])
geyser.covars_ = np.array([[36.0], [49.0]])
waiting = columns("geyser.csv", "waiting")
show("geyser", geyser.decode(waiting))
show("geyser, two sequences", geyser.decode(waiting, lengths=[100, 199]))

iris = ("iris.csv", "sl", "sw", "pl", "pw")
for data, k in [(iris, 3), (iris, 5), (("faithful.csv", "eruptions", "waiting"), 2)]:
    x = columns(*data)
    best = KMeans(k, n_init=200, random_state=0, tol=0, max_iter=1000, algorithm="lloyd").fit(x)
    print(data[0], k, repr(float(best.inertia_)))
x = columns(*iris)
begin = np.array([[5.137, 3.511, 1.431, 0.223], [4.911, 3.023, 1.417, 0.207], [4.737, 3.217, 1.311, 0.219]])
for iterations in [1, 2, 3, 100]:
    lloyd = KMeans(3, n_init=1, init=begin, tol=0, max_iter=iterations, algorithm="lloyd").fit(x)
    print("from given means,", iterations, repr(float(lloyd.inertia_)))
