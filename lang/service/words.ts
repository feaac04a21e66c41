/** What the words of the language mean, in a sentence each, for hovers and completions. */

/** Words that begin a statement or stand within one; `snippet` is what a completion writes, with «places» to fill in. */
export const keywordWords: ReadonlyMap<string, { readonly text: string; readonly snippet: string | null }> = new Map([
  ['model', { text: 'The first line: the name of the model.', snippet: 'model «Name»' }],
  ['const', { text: 'A fixed number or array. A fit may override it: --set K=4.', snippet: 'const «K» = «2»' }],
  ['data', { text: 'Observed. Sizes are bound by the data.', snippet: 'data «x» : «real[N]»' }],
  ['param', { text: 'Unknown: EM maximises over it. A `~` on a param is a prior.', snippet: 'param «mu» : «real»' }],
  ['latent', { text: 'Unobserved: EM sums or integrates it out.', snippet: 'latent «z» ~ Categorical(«p»)' }],
  ['let', { text: 'A name for an expression. At the top level it is reported with the fit.', snippet: 'let «s» = «»' }],
  [
    'observe',
    {
      text: 'A fact about latents: an equation with data on one side, or a condition.',
      snippet: 'observe «h» = «»',
    },
  ],
  ['fn', { text: 'A function, written out where it is called.', snippet: 'fn «f»(«x») = «»' }],
  [
    'for',
    {
      text: 'Repetition: each pass of the loop is independent given the rest.',
      snippet: 'for «n» in 1..«N» {\n  «»\n}',
    },
  ],
  ['in', { text: 'What a loop runs over: a range `1..N`, or `levels(y)`. After `real`: an interval.', snippet: null }],
  ['if', { text: 'A branch, on data or on latents.', snippet: 'if «condition» {\n  «»\n}' }],
  ['else', { text: 'The other branch of an `if`.', snippet: null }],
  ['and', { text: 'True where both sides are.', snippet: null }],
  ['or', { text: 'True where one of the sides is.', snippet: null }],
  ['not', { text: 'True where its operand is false.', snippet: null }],
  ['true', { text: 'The condition that holds; 1 in arithmetic.', snippet: null }],
  ['false', { text: 'The condition that does not hold; 0 in arithmetic.', snippet: null }],
  ['weight', { text: 'After the range of a loop: each repetition counts this many times.', snippet: null }],
])

export const typeWords: ReadonlyMap<string, { readonly text: string; readonly snippet: string }> = new Map([
  ['real', { text: 'Any number. `real in (a, b)`: between a and b, ends included.', snippet: 'real' }],
  ['positive', { text: 'A number above 0.', snippet: 'positive' }],
  ['nonnegative', { text: 'A number that is 0 or more.', snippet: 'nonnegative' }],
  ['unit', { text: 'A number from 0 to 1.', snippet: 'unit' }],
  ['int', { text: 'A whole number.', snippet: 'int' }],
  ['count', { text: 'A whole number that is 0 or more.', snippet: 'count' }],
  ['bool', { text: 'True or false; 1 or 0 in arithmetic.', snippet: 'bool' }],
  ['category', { text: 'A label. Its levels are taken from the data and sorted.', snippet: 'category' }],
  ['simplex', { text: 'Probabilities that sum to 1, along the last dimension.', snippet: 'simplex[«K»]' }],
  ['ordered', { text: 'Numbers in rising order, along the last dimension.', snippet: 'ordered[«K»]' }],
  [
    'covariance',
    {
      text: 'A symmetric positive definite matrix; its last dimension is written once.',
      snippet: 'covariance[«D»]',
    },
  ],
  ['correlation', { text: 'A covariance matrix with ones on its diagonal.', snippet: 'correlation[«D»]' }],
])

export const functionWords: ReadonlyMap<string, string> = new Map([
  ['abs', 'The absolute value, element by element.'],
  ['sqrt', 'The square root, element by element.'],
  ['exp', 'e to the power of a number, element by element.'],
  ['log', 'The natural logarithm, element by element.'],
  ['logistic', '1 / (1 + exp(-x)), element by element.'],
  ['logit', 'log(p / (1 - p)), element by element.'],
  ['lgamma', 'The logarithm of the gamma function, element by element.'],
  ['Phi', 'The distribution function of the standard Normal, element by element.'],
  ['round', 'The nearest whole number, element by element.'],
  ['floor', 'The largest whole number that is not above, element by element.'],
  ['ceil', 'The smallest whole number that is not below, element by element.'],
  ['mod', 'The remainder of a division.'],
  ['min', 'The smallest element of an array, or of several numbers.'],
  ['max', 'The largest element of an array, or of several numbers.'],
  ['sum', 'The sum of all elements of an array.'],
  ['mean', 'The mean of all elements of an array.'],
  ['sd', 'The standard deviation of all elements of an array; it divides by n - 1.'],
  ['dot', 'The sum of the products of the elements of two vectors.'],
  ['softmax', 'exp(v) divided by its sum: a point of the simplex.'],
  ['cumsum', 'The running sums of a vector.'],
  ['concat', 'Joins numbers and vectors to one vector.'],
  ['size', 'How many elements the first dimension of an array has.'],
  ['identity', 'The identity matrix of a size.'],
  ['diagonal', 'The diagonal of a matrix, or the matrix with a vector on its diagonal.'],
  ['transpose', 'A matrix with rows and columns swapped.'],
  ['inverse', 'The inverse of a square matrix.'],
  ['det', 'The determinant of a square matrix.'],
  ['logdet', 'The logarithm of the determinant of a square matrix.'],
  ['trace', 'The sum of the diagonal of a square matrix.'],
  ['stationary', 'The stationary distribution of a matrix of transition probabilities.'],
  ['levels', 'The number of levels of a category; after `in`, its levels; for a matrix, one number per column.'],
])

/** The distributions that are made from others. */
export const specialWords: ReadonlyMap<string, { readonly text: string; readonly snippet: string }> = new Map([
  [
    'Mixture',
    {
      text: 'A choice among components with given probabilities; the compiler introduces its latent.',
      snippet: 'Mixture(«p», «Normal(mu[k], sigma[k])» for «k» in 1..«K»)',
    },
  ],
  [
    'Truncated',
    {
      text: 'A distribution restricted to a range and renormalised; either bound may be left out.',
      snippet: 'Truncated(«Normal(mu, sigma)», low=«0»)',
    },
  ],
  [
    'Censored',
    {
      text: 'Of the value only this is known: it lies above, below, or between two numbers.',
      snippet: 'Censored(«Exponential(rate)», «above»)',
    },
  ],
  [
    'Custom',
    {
      text: 'A log density of your own. That it integrates to one is yours to see to.',
      snippet: 'Custom(logpdf = «»)',
    },
  ],
])

/** The two constants that have a meaning where nothing else has their name. */
export const constantWords: ReadonlyMap<string, string> = new Map([
  ['pi', 'The number 3.14159…, where no declaration has this name.'],
  ['e', 'The number 2.71828…, where no declaration has this name.'],
])

/** `const «K» = «2»` in the notation of snippets: places are numbered, and «» is where the cursor ends. */
export function snippetOf(text: string): string {
  let place = 0
  return text.replace(/«([^»]*)»/g, (_, name: string) => {
    if (name === '') return '$0'
    place += 1
    return `\${${place}:${name}}`
  })
}
