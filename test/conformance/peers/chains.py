"""Hidden Markov chains (hmmlearn) and Gaussian ones (the Kalman filter of statsmodels), by their own maximisers from many starts."""
import pathlib
import sys
import warnings

import hmmlearn
import numpy as np
import statsmodels
from hmmlearn.hmm import CategoricalHMM, PoissonHMM
from scipy.optimize import minimize
from statsmodels.tsa.statespace.mlemodel import MLEModel
from statsmodels.tsa.statespace.structural import UnobservedComponents

warnings.filterwarnings('ignore')
HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples'
STARTS = int(sys.argv[1]) if len(sys.argv) > 1 else 20


def column(name, which):
    header, *rows = (HERE / name).read_text().split()
    at = header.split(',').index(which)
    return [row.split(',')[at] for row in rows]


def numbers(name, which):
    return np.array([float('nan') if v == 'NA' else float(v) for v in column(name, which)])


def show(name, fits):
    fits.sort(key=lambda f: -f[0])
    ends = [f[0] for f in fits]
    print(f'\n== {name}', ends[0], 'reached by', sum(float(e) > ends[0] - 1e-3 for e in ends), 'of', len(ends), sorted({round(float(e), 3) for e in ends}, reverse=True)[:6])
    return fits[0][1]


def vowels():
    words, letters = column('vowels/letters.csv', 'word'), column('vowels/letters.csv', 'letter')
    levels = sorted(set(letters))
    x = np.array([[levels.index(v)] for v in letters])
    lengths = [words.count(w) for w in dict.fromkeys(words)]
    assert sum(lengths) == len(words)
    for states in (2, 3):
        fits = []
        for seed in range(STARTS):
            m = CategoricalHMM(states, random_state=seed, n_iter=20000, tol=1e-10, implementation='scaling')
            m.fit(x, lengths)
            fits.append((m.score(x, lengths), m))
        m = show(f'vowels, {states} states', fits)
        order = np.argsort(m.startprob_)
        print('   ', np.round(m.startprob_[order], 6).tolist(), np.round(m.transmat_[order][:, order], 6).tolist())
        for row in m.emissionprob_[order]:
            print('   ', {levels[i]: round(row[i], 4) for i in np.argsort(-row)[:9]})
        print('    emissions', np.round(m.emissionprob_[order], 6).tolist(), levels)


def coal():
    x = numbers('coal-mines/disasters.csv', 'count').astype(int)[:, None]
    for states in (2, 3):
        fits = []
        for seed in range(STARTS):
            m = PoissonHMM(states, random_state=seed, n_iter=20000, tol=1e-11, init_params='l', params='tl')
            m.startprob_ = np.eye(states)[0]
            stay = np.random.default_rng(seed).uniform(0.9, 0.999, states - 1)
            m.transmat_ = np.array([[stay[i] if i == j else 1 - stay[i] if j == i + 1 else 0 for j in range(states)] for i in range(states - 1)] + [list(np.eye(states)[-1])])
            m.fit(x)
            fits.append((m.score(x), m))
        m = show(f'coal, {states} eras', fits)
        print('    rates', np.round(m.lambdas_.ravel(), 6).tolist(), 'leave', [round(1 - m.transmat_[i, i], 8) for i in range(states - 1)])
        path = m.predict(x)
        print('    most probable path: last years', [1851 + int(np.flatnonzero(path == k)[-1]) for k in range(states) if (path == k).any()])


def nile():
    for file in ('nile/nile.csv', 'nile/nile_gaps.csv'):
        y = numbers(file, 'flow')
        m = UnobservedComponents(y, 'local level')
        m.ssm.initialize_known(np.array([1000.0]), np.array([[1e5]]))
        m.loglikelihood_burn = 0
        best = minimize(lambda v: -m.loglike(np.exp(v)), np.log([15000, 1500]), method='Nelder-Mead', options={'xatol': 1e-10, 'fatol': 1e-12, 'maxiter': 10000})
        r = m.smooth(np.exp(best.x))
        print(f'\n== {file}', -best.fun, dict(zip(m.param_names, np.exp(best.x))))
        level, sd = r.smoothed_state[0], np.sqrt(r.smoothed_state_cov[0, 0])
        print('    smoothed 1871, 1900, 1970', level[[0, 29, 99]], sd[[0, 29, 99]], 'sd of the flow of 1900', np.sqrt(sd[29] ** 2 + np.exp(best.x)[0]))


class Lagged(MLEModel):
    """y[t] = c + phi[1] y[t-1] + … + e, seen where not missing; the first p values are Normal(580, 2), independent."""

    def __init__(self, y, p):
        super().__init__(y[p - 1:], k_states=p + 1, k_posdef=1)
        self.p, self.first = p, y[:p]
        self.ssm['design'] = np.eye(1, p + 1)
        self.ssm['selection'] = np.eye(p + 1, 1)
        self.ssm['transition'] = np.zeros((p + 1, p + 1))
        for i in range(1, p):
            self.ssm['transition', i, i - 1] = 1
        self.ssm['transition', p, p] = 1
        # At the first time the state is (y[p], …, y[1], 1): known where seen, but for y[p], which is seen next.
        mean = np.append([580.0] + list(self.first[-2::-1]), 1)
        self.ssm.initialize_known(mean, np.diag([4.0] + [0] * p))

    def update(self, params, **kwargs):
        params = super().update(params, **kwargs)
        self.ssm['transition', 0, :self.p] = params[1:1 + self.p]
        self.ssm['transition', 0, self.p] = params[0]
        self.ssm['state_cov', 0, 0] = params[-1] ** 2


def autoregression():
    y = numbers('autoregression/huron_holes.csv', 'y')
    gaps = np.flatnonzero(np.isnan(y))
    truth = numbers('autoregression/huron.csv', 'y')
    for p in (1, 2):
        m = Lagged(y, p)
        extra = sum(-np.log(2 * np.sqrt(2 * np.pi)) - (v - 580) ** 2 / 8 for v in y[:p - 1])
        fits = []
        for seed in range(STARTS):
            rng = np.random.default_rng(seed)
            phi = np.append(rng.uniform(0.5, 0.9), np.zeros(p - 1))
            start = np.concatenate([[579 * (1 - phi.sum())], phi, [0.8]])
            # c and phi are nearly collinear: the level c / (1 - sum phi) is searched instead.
            loss = lambda v: -(m.loglike(np.concatenate([[v[0] * (1 - v[1:-1].sum())], v[1:-1], [np.exp(v[-1])]])) + extra)
            f = minimize(loss, np.concatenate([[579 + rng.normal()], phi, [np.log(start[-1])]]), method='Nelder-Mead', options={'xatol': 1e-11, 'fatol': 1e-13, 'maxiter': 20000, 'maxfev': 20000})
            v = f.x
            fits.append((-f.fun, np.concatenate([[v[0] * (1 - v[1:-1].sum())], v[1:-1], [np.exp(v[-1])]])))
        best = show(f'autoregression of order {p}', fits)
        print('    c, phi, s', best.tolist(), 'level', best[0] / (1 - best[1:-1].sum()))
        smooth = m.smooth(best)
        at = gaps - (p - 1)
        print('    filled', dict(zip((1875 + gaps).tolist(), np.round(smooth.smoothed_state[0, at], 4).tolist())))
        print('    sd', np.round(np.sqrt(smooth.smoothed_state_cov[0, 0, at]), 4).tolist())
        print('    RMSE', np.sqrt(np.mean((smooth.smoothed_state[0, at] - truth[gaps]) ** 2)), 'by the mean', np.sqrt(np.mean((np.nanmean(y) - truth[gaps]) ** 2)))


print('hmmlearn', hmmlearn.__version__, 'statsmodels', statsmodels.__version__, 'NumPy', np.__version__)
vowels()
coal()
nile()
autoregression()
