"""A prior of digits from noisy, incomplete images: the EM iterations of examples/digits in NumPy, and simpler restorations."""
import csv
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples/digits'
read = lambda name: [row for row in csv.reader(open(HERE / name))][1:]
clean = np.array(read('digits.csv'), float) / 16
cells = read('corrupted.csv')
seen = np.array([[c != '' for c in row] for row in cells])
x = np.array([[float(c or 0) for c in row] for row in cells])
m, (N, D), noise = seen.astype(float), x.shape, 0.04
psnr = lambda image: -10 * np.log10(np.mean((image - clean) ** 2))


def iterations(start, count, prior_sd, df, scale):
    """Common factor analysers: x = mu + W f + noise, f | z ~ N(m[z], V[z]); MAP for W (Normal) and V (inverse Wishart)."""
    pi, M, V, mu, W = (np.array(start[k], float) for k in ('pi', 'm', 'V', 'mu', 'W'))
    K, Q = M.shape
    for iteration in range(count + 1):
        precision = (m @ (W[:, :, None] * W[:, None, :]).reshape(D, -1)).reshape(N, Q, Q) / noise
        rest = m * (x - mu)
        log, F, C = np.zeros((N, K)), np.zeros((K, N, Q)), np.zeros((K, N, Q, Q))
        for k in range(K):
            P = np.linalg.inv(V[k])
            C[k] = np.linalg.inv(precision + P)
            h = rest @ W / noise + P @ M[k]
            F[k] = np.einsum('nij,nj->ni', C[k], h)
            log[:, k] = np.log(pi[k]) - 0.5 * (m.sum(1) * np.log(2 * np.pi * noise) + np.linalg.slogdet(V[k])[1] - np.linalg.slogdet(C[k])[1]
                                               + (rest ** 2).sum(1) / noise + M[k] @ P @ M[k] - (h * F[k]).sum(1))
        top = log.max(1, keepdims=True)
        r = np.exp(log - top)
        likelihood = (top + np.log(r.sum(1, keepdims=True))).sum()
        r /= r.sum(1, keepdims=True)
        f = np.einsum('nk,knq->nq', r, F)
        restored = mu + f @ W.T
        yield iteration, likelihood, psnr(restored), psnr(restored.clip(0, 1))
        ff = np.einsum('nk,knij->nij', r, C + F[..., :, None] * F[..., None, :])
        A = np.zeros((D, 1 + Q, 1 + Q))
        A[:, 0, 0], A[:, 0, 1:], A[:, 1:, 0] = m.sum(0), m.T @ f, m.T @ f
        A[:, 1:, 1:] = (m.T @ ff.reshape(N, -1)).reshape(D, Q, Q) + np.eye(Q) * noise / prior_sd ** 2
        b = np.concatenate([x.sum(0)[:, None], x.T @ f], 1)
        solved = np.linalg.solve(A, b[:, :, None])[:, :, 0]
        mu, W = solved[:, 0], solved[:, 1:]
        pi, weight = r.mean(0), r.sum(0)
        M = np.einsum('nk,knq->kq', r, F) / weight[:, None]
        for k in range(K):
            d = F[k] - M[k]
            V[k] = (np.einsum('n,nij->ij', r[:, k], C[k] + d[:, :, None] * d[:, None, :]) + scale * np.eye(Q)) / (weight[k] + df + Q + 1)


print('NumPy', np.__version__)
column = x.sum(0) / m.sum(0)
print('column means for missing pixels', psnr(np.where(seen, x, column)))
rng = np.random.default_rng(1)
for Q in (16, 32):
    start = {'pi': [1], 'm': np.zeros((1, Q)), 'V': [np.eye(Q)], 'mu': column, 'W': 0.1 * rng.normal(size=(D, Q))}
    print('one Gaussian, Q', Q, *list(iterations(start, 100, 0.07, 40, 23))[-1])
for line in iterations(json.loads((HERE / 'start.json').read_text()), 100, 0.07, 40, 23):
    if line[0] in (3, 4, 5) or line[0] % 5 == 0:
        print('ten Gaussians, Q 16: iteration, log-likelihood, PSNR, PSNR of images clipped to 0–1', *line)
for seed in (1, 2):
    rng = np.random.default_rng(seed)
    W, M = 0.1 * rng.normal(size=(D, 16)), rng.normal(size=(10, 16))
    start = {'pi': np.full(10, 0.1), 'm': M, 'V': [np.eye(16)] * 10, 'mu': column, 'W': W}
    print('another start', *list(iterations(start, 40, 0.07, 40, 23))[-1])
