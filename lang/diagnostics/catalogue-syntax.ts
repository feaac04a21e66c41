import type { CatalogueEntry } from './catalogue-entry.js'

function entry(code: string, title: string, explanation: string, example: string, fixed: string): CatalogueEntry {
  return { code, severity: 'error', title, explanation, example: `${example}\n`, fixed: `${fixed}\n` }
}

/** A model around one statement. */
function around(statement: string): string {
  return `model Example\ndata  x : real[N]\nparam mu : real\nparam sd : positive\n${statement}`
}

const plain = around('for n in 1..N { x[n] ~ Normal(mu, sd) }')

/** E1xx: the text of a model file. */
export const syntaxEntries: readonly CatalogueEntry[] = [
  entry(
    'E101',
    'a character that means nothing',
    'Models are written with letters, digits and the signs of arithmetic. Any other character, visible or not, may stand only in comments and in quotes.',
    around('let a = mu @ 2'),
    around('let a = mu * 2'),
  ),
  entry(
    'E102',
    'text in quotes is not closed',
    'Text, such as the label of a category, stands between two double quotes on one line.',
    'model Example\ndata  group : category[N]\nlet first = 1 if group[1] == "U else 0',
    'model Example\ndata  group : category[N]\nlet first = 1 if group[1] == "U" else 0',
  ),
  entry(
    'E103',
    'a malformed number',
    'A number needs a digit after its point, so that `1..N` is always a range; a number and a name need an operator between them; and a number must fit into 64 bits.',
    around('let a = 2. * mu'),
    around('let a = 2.0 * mu'),
  ),
  entry(
    'E104',
    'a bracket is never closed',
    'Every `(` needs its `)` and every `[` its `]`. While one is open, newlines do not end the statement; a line that can only be a new statement shows that the bracket was forgotten.',
    around('for n in 1..N { x[n] ~ Normal(mu, sd }'),
    plain,
  ),
  entry(
    'E105',
    'a bracket closes nothing',
    'A `)` or `]` must close the bracket of its own kind that was opened last.',
    around('let a = (mu + 1))'),
    around('let a = (mu + 1)'),
  ),
  entry(
    'E106',
    'a block is never closed',
    'The block of a `for`, `if` or `else` begins with `{` and ends with `}`.',
    around('for n in 1..N {\n  x[n] ~ Normal(mu, sd)'),
    plain,
  ),
  entry(
    'E107',
    'a brace closes nothing',
    'Every `}` ends the block that a `{` began.',
    around('for n in 1..N { x[n] ~ Normal(mu, sd) } }'),
    plain,
  ),
  entry(
    'E108',
    'the `model` line',
    'A file holds one model and says its name, one word, in a line of its own: `model OldFaithful`.',
    'data  x : real[N]\nparam mu : real\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
    'model Example\ndata  x : real[N]\nparam mu : real\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
  ),
  entry(
    'E109',
    'this is no statement',
    'A statement says how a variable comes about, `variable ~ Distribution(…)`, or begins with `const`, `data`, `param`, `latent`, `let`, `observe`, `fn`, `for` or `if`. An expression alone says nothing.',
    'model Example\ndata  x : real[N]\nparams mu : real\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
    'model Example\ndata  x : real[N]\nparam mu : real\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
  ),
  entry(
    'E110',
    '`=` where `~` is meant, or the other way round',
    '`variable ~ Distribution(…)` says that a variable is drawn from a distribution; `let name = expression` gives a name to a value. They are different things and have different signs.',
    around('for n in 1..N { x[n] = Normal(mu, sd) }'),
    plain,
  ),
  entry(
    'E111',
    'an assignment',
    'A model is a story and no program: nothing is assigned. A name for an expression is given once, by `let`; a known relation between latents is stated by `observe`.',
    around('a = mu + 1'),
    around('let a = mu + 1'),
  ),
  entry(
    'E112',
    'the header of a loop',
    'A loop is written `for n in 1..N { … }` or `for j in levels(y) { … }`: a name, `in`, and a range or the levels of a category, without parentheses.',
    around('for n in N { x[n] ~ Normal(mu, sd) }'),
    plain,
  ),
  entry(
    'E113',
    'a value is missing',
    'An operator needs a value on both sides, a comma one after it, and brackets something inside.',
    around('let a = mu +'),
    around('let a = mu + 1'),
  ),
  entry(
    'E114',
    'two values without anything between them',
    'Values in brackets are separated by commas, and a product is written with `*`. A `[` or `(` continues an expression only on its own line.',
    around('for n in 1..N { x[n] ~ Normal(mu sd) }'),
    plain,
  ),
  entry(
    'E115',
    'the type of a declaration',
    'A declaration is written `data x : real[N, D]`: names, a colon and a type. A type is a name, then `?` if cells may be missing, then its sizes in square brackets, then possibly `in (low, high)`. Only a latent may leave its type out.',
    'model Example\ndata  x : real[N]\nparam mu\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
    'model Example\ndata  x : real[N]\nparam mu : real\nfor n in 1..N { x[n] ~ Normal(mu, 1) }',
  ),
  entry(
    'E116',
    'a name is missing or is a reserved word',
    'The words `model const data param latent let observe fn for in if else and or not true false` are reserved. All other words made of letters, digits and `_` may be names, those of types and distributions included.',
    'model Example\ndata  in : real[N]',
    'model Example\ndata  input : real[N]',
  ),
  entry(
    'E117',
    'a distribution is missing',
    'To the right of `~` stands a distribution with its arguments in parentheses. The names of distributions begin with a capital letter. A fixed value is `Dirac(v)`.',
    around('for n in 1..N { x[n] ~ mu }'),
    around('for n in 1..N { x[n] ~ Normal(mu, 1) }'),
  ),
  entry(
    'E118',
    'a block is missing or out of place',
    'What a `for`, `if` or `else` governs stands in braces that open on its own line. Braces stand nowhere else.',
    around('for n in 1..N\n  x[n] ~ Normal(mu, sd)'),
    plain,
  ),
  entry(
    'E119',
    '`else` without `if`',
    'An `else` follows the `}` of an `if`, on the same line or on the next.',
    around('for n in 1..N { x[n] ~ Normal(mu, sd) } else { }'),
    plain,
  ),
  entry(
    'E120',
    'comparisons in a row',
    'A comparison has two sides. Two comparisons are joined by `and`.',
    'model Example\ndata  low, high : real\nlatent v ~ Normal(0, 1)\nobserve low < v < high',
    'model Example\ndata  low, high : real\nlatent v ~ Normal(0, 1)\nobserve low < v and v < high',
  ),
  entry(
    'E121',
    '`=` where `==` is meant, or the other way round',
    'One `=` names a value (`let a = 1`, `rate=2`) or states an equation in `observe`. A comparison that is true or false has two: `if z == 1`.',
    'model Example\ndata  g : int[N]\ndata  x : real[N]\nfor n in 1..N { if g[n] = 1 { x[n] ~ Normal(0, 1) } }',
    'model Example\ndata  g : int[N]\ndata  x : real[N]\nfor n in 1..N { if g[n] == 1 { x[n] ~ Normal(0, 1) } }',
  ),
  entry(
    'E122',
    'two statements on one line',
    'Each statement has a line of its own. Several on one line are separated by `;`.',
    around('let a = mu let b = sd'),
    around('let a = mu; let b = sd'),
  ),
  entry(
    'E123',
    'a line that begins with an operator',
    'A newline ends a statement unless a bracket is open or the line ends in an operator, a comma or `=`. To go on in the next line, leave the operator at the end of the line.',
    around('let a = mu\n  + sd'),
    around('let a = mu +\n  sd'),
  ),
  entry(
    'E124',
    'nested too deeply',
    'Brackets and blocks may be nested 200 deep, operations 400 deep. Models written by hand do not come near; for one that is generated, `sum` over an array or names given by `let` keep expressions flat.',
    around(`let a = ${'('.repeat(201)}mu${')'.repeat(201)}`),
    around('let a = (mu)'),
  ),
  entry(
    'E125',
    'the file is too large',
    'A model file may have 1,000,000 bytes. Numbers belong into a data file.',
    '',
    '',
  ),
  entry(
    'E126',
    'a sign of another language',
    'Some signs of other languages, of typesetting and of word processors are recognised, so that the right one can be named: `^` for a power, `and`, `or`, `not` for logic, `-` for a long dash, straight double quotes for text.',
    around('let a = mu ** 2'),
    around('let a = mu ^ 2'),
  ),
  entry(
    'E127',
    'a comment of another language',
    'A comment begins with `#` and ends with its line.',
    around('// the mean'),
    around('# the mean'),
  ),
  entry(
    'E128',
    'the left of `~`',
    'On the left of `~` stands a variable, an element or slice of one, or a vector of these and of constants. What is known of an expression of latents is stated by `observe`.',
    around('for n in 1..N { log(x[n]) ~ Normal(mu, sd) }'),
    around('for n in 1..N { x[n] ~ LogNormal(mu, sd) }'),
  ),
  entry(
    'E129',
    'a choice without `else`',
    'As an expression, a choice has two values: `a if condition else b`.',
    around('let a = 1 if mu > 0'),
    around('let a = 1 if mu > 0 else 0'),
  ),
  entry(
    'E130',
    'a sign in the wrong place',
    'The sign is known, but the statement cannot go on with it here. The help says what could stand in its place.',
    around('let a = [1..3]'),
    around('let a = [k for k in 1..3]'),
  ),
]
