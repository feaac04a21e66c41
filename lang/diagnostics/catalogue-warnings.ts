import type { CatalogueEntry } from './catalogue-entry.js'

function entry(code: string, title: string, explanation: string, example: string, fixed: string): CatalogueEntry {
  return { code, severity: 'warning', title, explanation, example: `${example}\n`, fixed: `${fixed}\n` }
}

/** W501 to W519: what looks like a mistake in a model that is legal. */
export const modelWarningEntries: readonly CatalogueEntry[] = [
  entry(
    'W501',
    'a size that looks like another one',
    'A name in a dimension that is no const is a new size. One that is met only once and differs from another in one letter, or in case, is probably meant to be that one.',
    'model Example\ndata  x : real[Rows]\ndata  y : real[Rovs]\nparam b : real\nfor n in 1..Rows { x[n] ~ Normal(b, 1) }\nlet total = sum(y)',
    'model Example\ndata  x : real[Rows]\ndata  y : real[Rows]\nparam b : real\nfor n in 1..Rows { x[n] ~ Normal(b, 1) }\nlet total = sum(y)',
  ),
  entry(
    'W502',
    'a param that is not used',
    'Nothing in the data depends on this param, so its estimate is its start, or the mode of its prior.',
    'model Example\ndata  x : real[N]\nparam mu, tau : real\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
    'model Example\ndata  x : real[N]\nparam mu : real\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
  ),
  entry(
    'W503',
    'missing cells in data without a distribution',
    'A missing cell is a latent, which needs a distribution. Data without one are covariates, and a missing cell there is an error when the data are read.',
    'model Example\ndata  x : real?[N]\ndata  y : real[N]\nparam b : real\nfor n in 1..N { y[n] ~ Normal(b * x[n], 1) }',
    'model Example\ndata  x : real?[N]\ndata  y : real[N]\nparam b : real\nfor n in 1..N {\n  x[n] ~ Normal(0, 1)\n  y[n] ~ Normal(b * x[n], 1)\n}',
  ),
  entry(
    'W504',
    'an index that runs over another size',
    'The loop counts up to one size and the index stands where an array has another one: the data may end before the loop does.',
    'model Example\ndata  x : real[N, D]\nparam mu : real[D]\nfor n in 1..N { x[n] ~ Normal(mu[n], 1) }',
    'model Example\ndata  x : real[N, D]\nparam mu : real[D]\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
  ),
  entry(
    'W505',
    'a loop variable that hides another name',
    'Inside of the loop the name is its variable; what is declared by the same name cannot be reached there.',
    'model Example\ndata  x, n : real[N]\nparam mu : real\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
    'model Example\ndata  x, size : real[N]\nparam mu : real\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
  ),
  entry(
    'W506',
    'all values of a latent in a loop over them',
    'Outside of the block that declares it a latent is written with all of its indices; without them it stands for the whole vector, which is rarely meant inside of a loop over the same range.',
    'model Example\ndata  x : real[N, D]\nparam s : positive\nfor n in 1..N { latent u ~ Normal(0, s) }\nfor n in 1..N { x[n] ~ Normal(mean(u), 1) }',
    'model Example\ndata  x : real[N, D]\nparam s : positive\nfor n in 1..N { latent u ~ Normal(0, s) }\nfor n in 1..N { x[n] ~ Normal(u[n], 1) }',
  ),
]

/** W5xx: warnings. */
export const warningEntries: readonly CatalogueEntry[] = [...modelWarningEntries]
