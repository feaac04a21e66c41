"""pLSA through scikit-learn's NMF with the Kullback-Leibler loss, whose optimum is the same, polished by EM, and EM alone."""
import pathlib
import sys

import numpy as np
from sklearn.decomposition import NMF

HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples' / 'topics'


def table(name):
    rows = [line.split(',') for line in (HERE / name).read_text().split('\n')[1:] if line]
    docs, words = sorted({r[0] for r in rows}), sorted({r[1] for r in rows})
    n = np.zeros((len(docs), len(words)))
    for doc, word, count in rows:
        n[docs.index(doc), words.index(word)] += int(count)
    return n, docs, words


def em(n, w, h, iterations):
    before = -np.inf
    for _ in range(iterations):
        ratio = np.divide(n, w @ h, out=np.zeros_like(n), where=n > 0)
        w, h = w * (ratio @ h.T), h * (w.T @ ratio)
        w, h = w / w.sum(1, keepdims=True), h / h.sum(1, keepdims=True)
        likelihood = (n[n > 0] * np.log((w @ h)[n > 0])).sum()
        if likelihood - before < 1e-13 * abs(likelihood):
            break
        before = likelihood
    return likelihood, w, h


starts = int(sys.argv[1]) if len(sys.argv) > 1 else 20
for name, K in (('caith_long.csv', 2), ('pride.csv', 3), ('corpus.csv', 2), ('corpus.csv', 3)):
    n, docs, words = table(name)
    ends = []
    for seed in range(starts):
        fit = NMF(K, init='random', beta_loss='kullback-leibler', solver='mu', tol=0, max_iter=300, random_state=seed)
        w = fit.fit_transform(n)
        h = fit.components_
        w, h = w * h.sum(1), h / h.sum(1, keepdims=True)
        ends.append(em(n, w / w.sum(1, keepdims=True), h, 20000))
    if name == 'corpus.csv':  # many maxima: more starts, by EM alone
        rng = np.random.default_rng(5)
        ends += [em(n, rng.dirichlet(np.ones(K), len(docs)), rng.dirichlet(np.ones(len(words)), K), 20000) for _ in range(10 * starts)]
    ends.sort(key=lambda e: -e[0])
    print(name, K, ends[0][0], 'within 0.5:', sum(e[0] > ends[0][0] - 0.5 for e in ends), 'of', len(ends), [round(e[0], 2) for e in ends[:8]])
    if name == 'corpus.csv':
        print({d: r for d, r in zip(docs, ends[0][1].round(2).tolist())})
        print([[words[j] for j in np.argsort(-row)[:10]] for row in ends[0][2]])
