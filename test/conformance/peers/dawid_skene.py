"""Dawid and Skene's model on their anaesthetists: EM from the paper's start and from random starts."""
import csv
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples' / 'dawid-skene'
CLASSES = 4


def read(path):
    rows = [{k: int(v) for k, v in r.items()} for r in csv.DictReader(open(path))]
    counts = np.zeros((max(r['item'] for r in rows), max(r['rater'] for r in rows), CLASSES))
    for r in rows:
        counts[r['item'] - 1, r['rater'] - 1, r['label'] - 1] += 1
    return counts


def em(counts, posterior, iterations=20000, tol=1e-13):
    before = -np.inf
    for _ in range(iterations):
        prior = posterior.mean(0)
        confusion = np.einsum('ij,ikl->kjl', posterior, counts)
        total = confusion.sum(2, keepdims=True)
        confusion = np.divide(confusion, total, out=np.full_like(confusion, 1 / CLASSES), where=total > 0)
        with np.errstate(divide='ignore', invalid='ignore'):
            log = np.log(prior) + np.where(counts[:, :, None] > 0, counts[:, :, None] * np.log(confusion), 0).sum((1, 3))
        top = log.max(1, keepdims=True)
        likelihood = (top[:, 0] + np.log(np.exp(log - top).sum(1))).sum()
        posterior = np.exp(log - top)
        posterior /= posterior.sum(1, keepdims=True)
        if likelihood - before < tol * (1 + abs(likelihood)):
            break
        before = likelihood
    return likelihood, prior, confusion


if __name__ == '__main__':
    counts = read(HERE / 'anaesthetists.csv')
    votes = counts.sum(1)
    paper = em(counts, votes / votes.sum(1, keepdims=True))
    print('from the votes  ', paper[0], paper[1].round(6))
    rng = np.random.default_rng(1)
    ends = [em(counts, rng.dirichlet(np.ones(CLASSES), len(counts)))[:2] for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 100)]
    best = max(ends, key=lambda e: e[0])
    print('best of random  ', best[0], np.sort(best[1])[::-1].round(6), 'reached by', sum(e[0] > best[0] - 1e-4 for e in ends), 'of', len(ends))
    print(sorted({round(e[0], 3) for e in ends}, reverse=True)[:8])
