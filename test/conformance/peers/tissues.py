"""Three tissues: Lloyd's algorithm with missing cells from random starts, EM for Gaussians with missing cells, and the
error of imputed cells (NumPy). Where nothing is missing, scikit-learn's KMeans says the same."""
import csv
import pathlib

import numpy as np
from sklearn.cluster import KMeans

folder = pathlib.Path(__file__).resolve().parents[3] / 'examples' / 'tissues'
rng = np.random.default_rng(1)


def channels(file):
    with open(folder / file) as f:
        return np.array([[np.nan if row[t] == 'NA' else float(row[t]) for t in ('t1', 't2')] for row in csv.DictReader(f)])


def distances(x, mu):
    return np.nansum((x[:, None] - mu) ** 2, axis=2)


def lloyd(x, mu):
    labels = None
    while True:
        new = distances(x, mu).argmin(1)
        if labels is not None and (new == labels).all():
            return distances(x, mu).min(1).sum(), mu, labels
        labels = new
        mu = np.array([np.nanmean(x[labels == k], axis=0) if (labels == k).any() else mu[k] for k in range(3)])


def nearest(x):
    full = x[~np.isnan(x).any(1)]
    best = min((lloyd(x, full[rng.choice(len(full), 3, replace=False)]) for _ in range(200)), key=lambda r: r[0])
    observed = (~np.isnan(x)).sum()
    objective = -best[0] / 2 - observed / 2 * np.log(2 * np.pi) - len(x) * np.log(3)
    logs = -distances(x, best[1]) / 2 - (~np.isnan(x)).sum(1, keepdims=True) / 2 * np.log(2 * np.pi) - np.log(3)
    top = logs.max(1, keepdims=True)
    marginal = (top[:, 0] + np.log(np.exp(logs - top).sum(1))).sum()
    return best[0], objective, marginal, best[1][best[1][:, 0].argsort()]


def log_densities(x, pi, mu, sigma):
    out = np.tile(np.log(pi), (len(x), 1))
    for n, row in enumerate(x):
        o = ~np.isnan(row)
        for k in range(3):
            s = sigma[k][np.ix_(o, o)]
            d = row[o] - mu[k][o]
            out[n, k] -= (d @ np.linalg.solve(s, d) + np.linalg.slogdet(s)[1] + o.sum() * np.log(2 * np.pi)) / 2
    return out


def completed(row, mu, sigma):
    """Mean and covariance of a row given its observed cells."""
    o = ~np.isnan(row)
    mean, cov = row.copy(), np.zeros((2, 2))
    gain = np.linalg.solve(sigma[np.ix_(o, o)], sigma[np.ix_(o, ~o)]).T
    mean[~o] = mu[~o] + gain @ (row[o] - mu[o])
    cov[np.ix_(~o, ~o)] = sigma[np.ix_(~o, ~o)] - gain @ sigma[np.ix_(o, ~o)]
    return mean, cov


def em(x, labels, known=False):
    """EM; with the labels known, of each class's own Gaussian."""
    pi, mu = np.full(3, 1 / 3), np.array([np.nanmean(x[labels == k], axis=0) for k in range(3)])
    sigma = np.array([np.diag(np.nanvar(x[labels == k], axis=0)) for k in range(3)])
    before = -np.inf
    while True:
        logs = log_densities(x, pi, mu, sigma)
        if known:
            logs[np.eye(3)[labels] == 0] = -np.inf
        top = logs.max(1, keepdims=True)
        norm = top[:, 0] + np.log(np.exp(logs - top).sum(1))
        r = np.exp(logs - norm[:, None])
        if norm.sum() - before < 1e-12 * abs(norm.sum()):
            return norm.sum(), pi, mu, sigma, r
        before = norm.sum()
        filled = [[completed(row, mu[k], sigma[k]) for row in x] for k in range(3)]
        pi = r.mean(0)
        mu = np.array([np.average([m for m, _ in filled[k]], axis=0, weights=r[:, k]) for k in range(3)])
        sigma = np.array([np.average([np.outer(m - mu[k], m - mu[k]) + c for m, c in filled[k]], axis=0, weights=r[:, k]) for k in range(3)])


for file in ('image1.csv', 'image2.csv', 'image1-masked.csv'):
    x = channels(file)
    squares, objective, marginal, mu = nearest(x)
    print(file, 'nearest means', repr(squares), 'complete data', repr(objective), 'marginal', repr(marginal), np.round(mu, 6).tolist())
x = channels('image1.csv')
print('KMeans', repr(KMeans(3, n_init=50, tol=0, random_state=0).fit(x).inertia_))
begin = np.array([[80.0, 120.0], [90, 110], [100, 100]])
first = distances(x, begin).argmin(1)
print('first E-step', np.bincount(first), 'M-step', np.round([x[first == k].mean(0) for k in range(3)], 6).tolist())

x = channels('image1-masked.csv')
likelihood, pi, mu, sigma, r = em(x, lloyd(x, begin)[2])
print('masked', repr(likelihood), np.round(pi, 6).tolist(), np.round(mu, 5).tolist(), np.round(sigma, 4).tolist())
truth, gone = channels('image1.csv'), np.isnan(x)
imputed = np.array([sum(r[n, k] * completed(row, mu[k], sigma[k])[0] for k in range(3)) for n, row in enumerate(x)])
rmse = lambda v: np.sqrt(((v - truth)[gone] ** 2).mean())
means = np.broadcast_to(np.nanmean(x, axis=0), x.shape)
print('imputed', gone.sum(), rmse(imputed), rmse(means), rmse(imputed) / rmse(means))

x = channels('image2.csv')
with open(folder / 'image2.csv') as f:
    classes = np.array([['fluid', 'grey', 'white'].index(row['class']) for row in csv.DictReader(f)])
likelihood, pi, mu, sigma, _ = em(x, classes, True)
print('classes known', repr(likelihood), np.round(mu, 5).tolist(), np.round(sigma, 4).tolist())
logs = log_densities(x, pi, mu, sigma)
print('at these params', np.log(np.exp(logs).sum(1)).sum(), 'wrong', (logs.argmax(1) != classes).sum())
likelihood, pi, mu, sigma, r = em(x, classes)
print('maximum', repr(likelihood), 'wrong', (r.argmax(1) != classes).sum())
