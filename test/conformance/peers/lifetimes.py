"""The same lifetimes with lifelines, a second implementation."""
import pathlib

import lifelines
import pandas as pd
from lifelines import ExponentialFitter, LogNormalFitter, WeibullAFTFitter, WeibullFitter

HERE = pathlib.Path(__file__).resolve().parents[3] / 'examples' / 'lifetimes'
v = pd.read_csv(HERE / 'veteran.csv')
for fitter in (ExponentialFitter(), WeibullFitter(), LogNormalFitter()):
    fit = fitter.fit(v.time, v.status)
    print(type(fit).__name__, fit.log_likelihood_, fit.params_.to_dict())
m = pd.read_csv(HERE / 'mice.csv')
fit = WeibullAFTFitter().fit_interval_censoring(m.assign(germfree=(m.house == 'germfree') * 1).drop(columns='house'), 'low', 'high')
print('mice', fit.log_likelihood_, fit.params_.to_dict())
print('lifelines', lifelines.__version__)
