"""Share of seeds from which a peer reaches the reference. Writes seed-share.json next to this file.

Gaussian mixtures: scikit-learn, one start a seed; regression lines: R mixtools and flexmix, one start a seed (seed_share.R).
"""
import json
import pathlib
import subprocess
import warnings

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parents[2] / 'examples'
SEEDS = range(50)
warnings.filterwarnings('ignore')
x = np.array([[float(v)] for v in (EXAMPLES / 'galaxies' / 'galaxies.csv').read_text().split()[1:]])
CASES = {
    'A09-galaxies-k3-unequal': (3, 'spherical', -203.179227965125),
    'A09-galaxies-k4-unequal': (4, 'spherical', -197.453763760709),
    'A09-galaxies-k5-unequal': (5, 'spherical', -195.969658420596),
    'A09-galaxies-k6-unequal': (6, 'spherical', -194.801155243666),
    'A09-galaxies-k6-equal': (6, 'tied', -197.010821526495),
}


def end(K, covariance, seed):
    fit = GaussianMixture(K, covariance_type=covariance, init_params='kmeans', n_init=1, random_state=seed, tol=1e-10, max_iter=20000, reg_covar=1e-10).fit(x)
    degenerate = np.min(fit.covariances_) < 1e-4 * x.var() or np.min(fit.weights_) * len(x) < 2.5
    return fit.score(x) * len(x), bool(degenerate)


result = []
for case, (K, covariance, reference) in CASES.items():
    ends = [end(K, covariance, seed) for seed in SEEDS]
    reached = sum(abs(value - reference) < 1e-3 for value, _ in ends)
    result.append({
        'case': case,
        'peer': f"scikit-learn {sklearn.__version__} GaussianMixture({K}, covariance_type='{covariance}', init_params='kmeans', n_init=1, random_state=seed)",
        'reference': reference, 'seeds': len(ends), 'reached': reached, 'degenerate': sum(d for _, d in ends),
        'above': sum(value > reference + 1e-3 for value, _ in ends),
        'ends': sorted({round(value, 3) for value, _ in ends}, reverse=True),
    })
lines = subprocess.run(['Rscript', str(HERE / 'seed_share.R'), str(EXAMPLES / 'regressions' / 'co2data.csv')], capture_output=True, text=True, check=True).stdout.splitlines()
for line in lines:
    peer, reference, seeds, reached, degenerate, above, *ends = line.split('|')
    result.append({'case': 'A22-co2-mixreg-unequalvar', 'peer': peer, 'reference': float(reference), 'seeds': int(seeds), 'reached': int(reached),
                   'degenerate': int(degenerate), 'above': int(above), 'ends': sorted({float(v) for v in ends}, reverse=True)})
(HERE / 'seed-share.json').write_text(json.dumps(result, indent=1) + '\n')
for row in result:
    print(row['case'], row['reached'], 'of', row['seeds'], 'degenerate', row['degenerate'], row['ends'][:6])
