import type { CatalogueEntry } from './catalogue-entry.js'

function entry(code: string, title: string, explanation: string, example: string, fixed: string): CatalogueEntry {
  return { code, severity: 'error', title, explanation, example: `${example}\n`, fixed: `${fixed}\n` }
}

/** A model of rows x with a mean and an sd, and some lines more. */
function around(...lines: readonly string[]): string {
  const head = ['model Example', 'data  x : real[N, D]', 'param mu : real[D]', 'param sd : positive']
  return [...head, ...lines, 'for n in 1..N { x[n] ~ Normal(mu, sd) }'].join('\n')
}

/** A mixture whose line for x is given, and further declarations. */
function mixture(statement: string, ...declarations: readonly string[]): string {
  return [
    'model Example',
    'const K = 2',
    'data  x : real[N, D]',
    'param pi : simplex[K]',
    'param mu : real[K, D]',
    ...declarations,
    'for n in 1..N {',
    '  latent z ~ Categorical(pi)',
    `  ${statement}`,
    '}',
  ].join('\n')
}

/** A model of one column, whose loop's body is given. */
function column(type: string, body: string, ...declarations: readonly string[]): string {
  return ['model Example', `data  x : ${type}[N]`, ...declarations, `for n in 1..N { ${body} }`].join('\n')
}

const location = 'param mu : real'
const scale = 'param sd : positive'

/** E2xx: names, types and shapes. */
export const typeEntries: readonly CatalogueEntry[] = [
  entry(
    'E201',
    'a name that is not declared',
    'Every name is declared as const, data, param, latent or let, is a size in the type of data, or is the variable of a loop around it. Case matters.',
    column('real', 'x[n] ~ Normal(mean_x, sd)', 'param mean_y : real', scale),
    column('real', 'x[n] ~ Normal(mean_y, sd)', 'param mean_y : real', scale),
  ),
  entry(
    'E202',
    'a distribution that does not exist',
    'Distributions are written in CamelCase, with the names of the reference: Normal, MvNormal, Categorical, Poisson.',
    column('real', 'x[n] ~ Gaussian(mu, sd)', location, scale),
    column('real', 'x[n] ~ Normal(mu, sd)', location, scale),
  ),
  entry(
    'E203',
    'shapes that do not agree',
    'Sums, differences, comparisons, lists and equations work on numbers, or on vectors and matrices of one shape. A number goes with any shape.',
    mixture('x[n] ~ Normal(mu[z] + shift, 1)', 'param shift : real[K]'),
    mixture('x[n] ~ Normal(mu[z] + shift, 1)', 'param shift : real[D]'),
  ),
  entry(
    'E204',
    'an argument of the wrong kind',
    'The arguments of a distribution are numbers, vectors or matrices as its definition says: MvNormal takes a covariance matrix, Normal takes standard deviations. A vector argument of a distribution of numbers has the shape of the value on the left.',
    mixture('x[n] ~ MvNormal(mu[z], sigma[z])', 'param sigma : positive[K]'),
    mixture('x[n] ~ Normal(mu[z], sigma[z])', 'param sigma : positive[K]'),
  ),
  entry(
    'E205',
    'a name that is declared twice',
    'A name stands for one thing in the whole file. Only the pieces of one latent, such as z[1] and z[t], repeat it.',
    around('param sd : real'),
    around(),
  ),
  entry(
    'E206',
    'a function that does not exist',
    'Functions are those of the reference and those that the file defines by fn. Distributions have no value, and elements are taken by square brackets.',
    around('let v = squareroot(sd)'),
    around('let v = sqrt(sd)'),
  ),
  entry(
    'E207',
    'a function with the wrong number of arguments',
    'Each function takes a fixed number of arguments; min, max and concat take several.',
    around('let v = sqrt(sd, 2)'),
    around('let v = sqrt(sd)'),
  ),
  entry(
    'E208',
    'a function that does not take this value',
    'Some functions want a vector (softmax, dot, cumsum), some a matrix (det, inverse, trace), some an array (sum, mean), and bounds are numbers.',
    around('let v = det(mu)'),
    around('let v = det(diagonal(mu))'),
  ),
  entry(
    'E209',
    'a product of two vectors',
    'The sign * is the mathematical product, which two vectors do not have: dot(a, b) is a number, a .* b goes element by element.',
    around('let v = mu * mu'),
    around('let v = dot(mu, mu)'),
  ),
  entry(
    'E210',
    'a product that is not defined',
    'A matrix times a vector or matrix needs as many columns as the other has rows, and a vector does not stand on the left of a matrix.',
    around('param W : real[D, N]', 'let v = W * mu'),
    around('param W : real[N, D]', 'let v = W * mu'),
  ),
  entry(
    'E211',
    'an index that does not exist',
    'Indices count from 1, and there are at most as many as the type has dimensions. Outside of the block that declares a latent or a let all of its indices are written.',
    around('let v = mu[1, 1]'),
    around('let v = mu[1]'),
  ),
  entry(
    'E212',
    'an index that is not a whole number',
    'An index, the end of a slice and the end of a range are whole numbers or levels of a category: int, count, category, or the variable of a loop.',
    around('let v = mu[sd]'),
    around('let v = mu[1]'),
  ),
  entry(
    'E213',
    'levels of another category',
    'A dimension that runs over the levels of one category is indexed by that category. Columns that share levels are declared together: category(Name).',
    'model Example\ndata  y, g : category[N]\nparam p : simplex[levels(g), levels(y)]\nfor n in 1..N { y[n] ~ Categorical(p[y[n]]) }',
    'model Example\ndata  y, g : category[N]\nparam p : simplex[levels(g), levels(y)]\nfor n in 1..N { y[n] ~ Categorical(p[g[n]]) }',
  ),
  entry(
    'E214',
    'an argument that may leave its range',
    'A param or latent that stands for a scale, a rate or a probability must be declared so that every value it can take is allowed; a number must be allowed itself.',
    column('real', 'x[n] ~ Normal(mu, sigma)', location, 'param sigma : real'),
    column('real', 'x[n] ~ Normal(mu, sigma)', location, 'param sigma : positive'),
  ),
  entry(
    'E215',
    'arguments that do not make a distribution',
    'A distribution takes all arguments of one of its forms, those by position first, and no other distribution among them.',
    column('real', 'x[n] ~ Normal(mu)', location),
    column('real', 'x[n] ~ Normal(mu, 1)', location),
  ),
  entry(
    'E216',
    'an argument name that does not exist',
    'Arguments may be given by the names of the reference: Normal(mean=…, sd=…), or var=, precision= in place of sd=.',
    column('real', 'x[n] ~ Normal(mu, variance=1)', location),
    column('real', 'x[n] ~ Normal(mu, var=1)', location),
  ),
  entry(
    'E217',
    'a value with two distributions',
    'Each value stands at most once on the left of ~ on every path through the model. A loop whose variable is not an index of the left side would give the same value again and again.',
    column('real', 'x[n] ~ Normal(mu, 1); x[n] ~ Normal(0, 1)', location),
    column('real', 'x[n] ~ Normal(mu, 1)', location),
  ),
  entry(
    'E218',
    'a latent without a distribution',
    'A latent is integrated out, so it has a distribution on every path: in its declaration, or on the left of a ~ of its own.',
    column('real', 'latent u : real; x[n] ~ Normal(mu + u, 1)', location),
    column('real', 'latent u : real ~ Normal(0, 1); x[n] ~ Normal(mu + u, 1)', location),
  ),
  entry(
    'E219',
    'a value of another length than its distribution',
    'A distribution of vectors gives a vector as long as its arguments, and Mixture has one weight for each component.',
    'model Example\ndata  a, b, c : count\nparam p : simplex[2]\n[a, b, c] ~ Multinomial(concat(p))',
    'model Example\ndata  a, b, c : count\nparam p : simplex[3]\n[a, b, c] ~ Multinomial(p)',
  ),
  entry(
    'E220',
    'a value that the distribution cannot give',
    'Counts, bools and categories have distributions of their own, and a latent is declared at least as wide as its distribution.',
    column('real', 'x[n] ~ Poisson(rate)', 'param rate : positive'),
    column('count', 'x[n] ~ Poisson(rate)', 'param rate : positive'),
  ),
  entry(
    'E221',
    'a type that does not exist',
    'The types are real, positive, nonnegative, unit, int, count, bool, category, simplex, ordered, covariance and correlation; sizes stand in square brackets after them.',
    'model Example\ndata  x : reel[N]\nparam mu : real\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
    column('real', 'x[n] ~ Normal(mu, 1)', location),
  ),
  entry(
    'E222',
    'a type that is not complete, or has a part too much',
    'Sizes are whole numbers known before the fit; a simplex and a covariance need one; intervals belong to real, names of levels to category, `?` to data.',
    column('real', 'x[n] ~ Normal(mu, 1)', 'param mu : real?'),
    column('real', 'x[n] ~ Normal(mu, 1)', 'param mu : real'),
  ),
  entry(
    'E223',
    'a declaration inside of a block',
    'Consts, data, params and functions belong to the whole model and stand outside of every block; latents and lets may stand inside.',
    column('real', 'param mu : real; x[n] ~ Normal(mu, 1)'),
    column('real', 'x[n] ~ Normal(mu, 1)', location),
  ),
  entry(
    'E224',
    'a size that no data tells',
    'A size is known from the data that is declared with it, or is a const.',
    'model Example\ndata  x : real[N]\nparam w : simplex[K]\nparam mu : real[K]\nfor n in 1..N { x[n] ~ Mixture(w, Normal(mu[k], 1) for k in 1..K) }',
    'model Example\nconst K = 2\ndata  x : real[N]\nparam w : simplex[K]\nparam mu : real[K]\nfor n in 1..N { x[n] ~ Mixture(w, Normal(mu[k], 1) for k in 1..K) }',
  ),
  entry(
    'E225',
    'a definition that uses itself',
    'Functions are written out where they are called and consts are computed once, so neither can be defined by itself.',
    around('fn f(a) = f(a - 1)', 'let v = f(sd)'),
    around('fn f(a) = a - 1', 'let v = f(sd)'),
  ),
  entry(
    'E226',
    'a const that depends on what is estimated',
    'A const is computed before the fit from numbers, consts, sizes and data. What depends on params or latents is a let.',
    around('const v = sd^2'),
    around('let v = sd^2'),
  ),
  entry(
    'E227',
    'a latent or let that does not exist here',
    'Latents and lets are declared above their use; what is declared inside of `if` exists in that branch only.',
    column('real', 'x[n] ~ Normal(u, 1); latent u ~ Normal(mu, 1)', location),
    column('real', 'latent u ~ Normal(mu, 1); x[n] ~ Normal(u, 1)', location),
  ),
  entry(
    'E228',
    'pieces of a latent that do not join',
    'A latent may be declared in pieces, such as z[1] and then z[t] for t in 2..T: with the same number of indices, without overlap and without a gap.',
    'model Example\ndata  y : real[T]\nparam s : positive\nlatent m[1] ~ Normal(0, 1)\nfor t in 3..T { latent m[t] ~ Normal(m[t-1], s) }\nfor t in 1..T { y[t] ~ Normal(m[t], 1) }',
    'model Example\ndata  y : real[T]\nparam s : positive\nlatent m[1] ~ Normal(0, 1)\nfor t in 2..T { latent m[t] ~ Normal(m[t-1], s) }\nfor t in 1..T { y[t] ~ Normal(m[t], 1) }',
  ),
  entry(
    'E229',
    'levels of something that has none',
    'Only a category has levels: levels(y), and levels(y[:, j]) for one column of a matrix.',
    'model Example\ndata  y : count[N]\nparam p : simplex[levels(y)]\nfor n in 1..N { y[n] ~ Categorical(p) }',
    'model Example\ndata  y : category[N]\nparam p : simplex[levels(y)]\nfor n in 1..N { y[n] ~ Categorical(p) }',
  ),
  entry(
    'E230',
    'a condition that is not true or false',
    'After `if`, and beside `and`, `or` and `not`, stands a bool or a comparison.',
    column('real', 'if g[n] { x[n] ~ Normal(mu, 1) } else { x[n] ~ Normal(0, 1) }', 'data  g : count[N]', location),
    column('real', 'if g[n] > 0 { x[n] ~ Normal(mu, 1) } else { x[n] ~ Normal(0, 1) }', 'data  g : count[N]', location),
  ),
  entry(
    'E231',
    'a label that belongs to no category',
    'A text in quotes is a level of a category and is compared with one by == or !=.',
    column('real', 'if g[n] == "U" { x[n] ~ Normal(mu, 1) }', 'data  g : count[N]', location),
    column('real', 'if g[n] == "U" { x[n] ~ Normal(mu, 1) }', 'data  g : category[N]', location),
  ),
  entry(
    'E232',
    'arithmetic with a category',
    'The levels of a category are names: they have no order and no sum. Numbers are declared int, count or real.',
    column('real', 'x[n] ~ Normal(mu * g[n], 1)', 'data  g : category[N]', location),
    column('real', 'x[n] ~ Normal(mu * g[n], 1)', 'data  g : count[N]', location),
  ),
  entry(
    'E233',
    'a loop over something else than a range',
    'A loop runs over a range 1..N, the levels of a category, or a named set of levels, all known before the fit. A matrix of categories has a set of levels for each column.',
    'model Example\ndata  y : category[N, J]\nparam p : simplex[J, levels(y)]\nfor j in 1..J {\n  for n in 1..N { y[n, j] ~ Categorical(p[j]) }\n  for l in levels(y) { p[j, l] ~ Beta(2, 2) }\n}',
    'model Example\ndata  y : category[N, J]\nparam p : simplex[J, levels(y)]\nfor j in 1..J {\n  for n in 1..N { y[n, j] ~ Categorical(p[j]) }\n  for l in levels(y[:, j]) { p[j, l] ~ Beta(2, 2) }\n}',
  ),
  entry(
    'E234',
    'Mixture, Truncated, Censored or Custom with wrong parts',
    'Mixture takes weights and components; Truncated a distribution and bounds; Censored a distribution and above, below or between(low, high); Custom a log density.',
    column('positive', 'x[n] ~ Censored(Exponential(rate), right)', 'param rate : positive'),
    column('positive', 'x[n] ~ Censored(Exponential(rate), above)', 'param rate : positive'),
  ),
  entry(
    'E235',
    'probabilities that need not sum to 1',
    'Where a simplex is expected any vector expression will do, but numbers must sum to 1, and a param is declared simplex or goes through softmax.',
    column('real', 'x[n] ~ Mixture([0.5, 0.4], Normal(mu, 1), Normal(0, 1))', location),
    column('real', 'x[n] ~ Mixture([0.5, 0.5], Normal(mu, 1), Normal(0, 1))', location),
  ),
  entry(
    'E236',
    'a weight that is not a known number',
    'The weight of a block is how many copies of it there are: a number of the data that is not negative.',
    'model Example\ndata  x : real[N]\nparam mu : real\nfor n in 1..N weight mu { x[n] ~ Normal(mu, 1) }',
    'model Example\ndata  x, w : real[N]\nparam mu : real\nfor n in 1..N weight w[n] { x[n] ~ Normal(mu, 1) }',
  ),
  entry(
    'E237',
    'an observed fact that tells nothing',
    'observe states an equation with data on one side and latents on the other, or a condition on latents.',
    'model Example\ndata  h, c : count\nparam p : simplex[3]\nlatent a, b : count\n[a, b, c] ~ Multinomial(p)\nobserve a = b',
    'model Example\ndata  h, c : count\nparam p : simplex[3]\nlatent a, b : count\n[a, b, c] ~ Multinomial(p)\nobserve h = a + b',
  ),
  entry(
    'E238',
    'an index in a declaration that does not say which elements',
    'A latent is declared with numbers, loop variables, or loop variables plus or minus a number as indices; data and params are declared whole, with sizes in their types.',
    'model Example\ndata  g : category[N]\ndata  x : real[N]\nparam s : positive\nfor n in 1..N { latent u[g[n]] ~ Normal(0, s); x[n] ~ Normal(u[g[n]], 1) }',
    'model Example\ndata  g : category[N]\ndata  x : real[N]\nparam s : positive\nfor j in levels(g) { latent u[j] ~ Normal(0, s) }\nfor n in 1..N { x[n] ~ Normal(u[g[n]], 1) }',
  ),
  entry(
    'E239',
    'something on the left of ~ that has no distribution',
    'On the left of ~ stands a data, latent or param, an element or slice of one, or a list of these and numbers.',
    column('real', 'let r = x[n] - mu; r ~ Normal(0, 1)', location),
    column('real', 'x[n] ~ Normal(mu, 1)', location),
  ),
  entry(
    'E240',
    'a ragged size without its dimension',
    'levels(y) of a matrix is one number for each column, and the length T of a ragged array one number for each sequence: as a size it follows the dimension that runs over these columns or sequences. The sequences of data are its first dimension.',
    'model Example\ndata  y : category[N, J]\nparam p : simplex[levels(y)]\nfor n in 1..N { for j in 1..J { y[n, j] ~ Categorical(p) } }',
    'model Example\ndata  y : category[N, J]\nparam p : simplex[J, levels(y)]\nfor n in 1..N { for j in 1..J { y[n, j] ~ Categorical(p[j]) } }',
  ),
  entry(
    'E241',
    'definitions that grow too large',
    'Functions are written out where they are called, and a definition may wait for later ones; both have a limit, so that a short file cannot become a model that no memory holds.',
    around(
      'fn a(x) = x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x',
      'fn b(x) = a(a(a(x)))',
      'let v = b(a(sd))',
    ),
    around('fn a(x) = x + x', 'fn b(x) = a(a(a(x)))', 'let v = b(a(sd))'),
  ),
]
