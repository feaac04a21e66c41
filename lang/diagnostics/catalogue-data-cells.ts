import type { CatalogueEntry } from './catalogue-entry.js'

/** E340–E369, W370–W379: cells, levels and sizes. */
export const dataCellEntries: readonly CatalogueEntry[] = [
  {
    code: 'E340',
    severity: 'error',
    title: 'a missing cell',
    explanation:
      'Empty, NA and NaN are missing. Missing cells are latents where the type has a `?`; elsewhere they are mistakes, and no row is dropped in silence.',
    example: 'data x : real[N]\nx\n1\nNA',
    fixed: 'data x : real?[N]\nx\n1\nNA',
  },
  {
    code: 'E341',
    severity: 'error',
    title: 'not a number',
    explanation:
      'Numbers are written in decimal notation with a point, an exponent where needed, and nothing beside them.',
    example: 'x\n2 kg',
    fixed: 'x\n2',
  },
  {
    code: 'E342',
    severity: 'error',
    title: 'a comma in a number',
    explanation:
      'A comma may be a decimal sign or a separator of thousands, so 1,000 would be read a thousand times too small or too large by guessing. Numbers have a decimal point and no separators of thousands.',
    example: 'x;y\n3,5;1',
    fixed: 'x;y\n3.5;1',
  },
  {
    code: 'E343',
    severity: 'error',
    title: 'not a whole number',
    explanation:
      '`count` and `int` hold whole numbers. For measured values declare `real`, `positive` or `nonnegative`.',
    example: 'data y : count[N]\ny\n2.5',
    fixed: 'data y : nonnegative[N]\ny\n2.5',
  },
  {
    code: 'E344',
    severity: 'error',
    title: 'outside the declared range',
    explanation:
      'The type says which values there can be: `positive` is above 0, `unit` lies between 0 and 1, `real in (a, b)` between a and b. A value outside contradicts the model.',
    example: 'data share : unit[N]\nshare\n50',
    fixed: 'data share : unit[N]\nshare\n0.5',
  },
  {
    code: 'E345',
    severity: 'error',
    title: 'an infinite value',
    explanation:
      'Infinite values are accepted only in columns that serve as bounds of a truncation, a censoring or a comparison.',
    example: 'data x : real[N]\nx\n-inf',
    fixed: 'data x : real?[N]\nx\nNA',
  },
  {
    code: 'E346',
    severity: 'error',
    title: 'neither true nor false',
    explanation: 'A `bool` reads 0 and 1, true and false, yes and no, in any case of letters.',
    example: 'data b : bool[N]\nb\nmaybe',
    fixed: 'data b : bool[N]\nb\nyes',
  },
  {
    code: 'E347',
    severity: 'error',
    title: 'a code for a missing value',
    explanation:
      'Only empty cells, NA and NaN are missing. Other codes (N/A, null, ?, -) are not guessed, since some of them are values elsewhere.',
    example: 'x\n1\nN/A',
    fixed: 'x\n1\nNA',
  },
  {
    code: 'E348',
    severity: 'error',
    title: 'a number that cannot be held exactly',
    explanation:
      'Numbers are 64-bit floating-point: up to about 1.8e308, whole numbers exactly up to 9007199254740991.',
    example: 'x\n1e999',
    fixed: 'x\n1e99',
  },
  {
    code: 'E349',
    severity: 'error',
    title: 'numbers that do not sum to 1',
    explanation: 'A point of a simplex sums to 1 within 1e-8. It is not rescaled in silence.',
    example: 'p1,p2\n0.5,0.6',
    fixed: 'p1,p2\n0.45,0.55',
  },
  {
    code: 'E350',
    severity: 'error',
    title: 'a level that the fit has not seen',
    explanation:
      'The parameters of a fit belong to the levels of its data. New data may not have others, except where the level only indexes a latent (a new subject), whose posterior is then the prior.',
    example: '--data new.csv with the level d, a fit of the levels a, b, c',
    fixed: 'the row taken out, or the model fitted again with it',
  },
  {
    code: 'E351',
    severity: 'error',
    title: 'a level without a row',
    explanation: 'An array over levels, `size[levels(center)]`, needs one row for every level that occurs.',
    example: 'center,size\nlyon,3\nand the levels bern, lyon',
    fixed: 'center,size\nlyon,3\nbern,2',
  },
  {
    code: 'E352',
    severity: 'error',
    title: 'no column that tells the levels apart',
    explanation:
      'An array over levels is read from a file that has the column of the levels, each level in one row. The file lacks that column, or a level is there twice.',
    example: 'center,size\nlyon,3\nlyon,3',
    fixed: 'center,size\nlyon,3\nbern,2',
  },
  {
    code: 'E353',
    severity: 'error',
    title: 'a category without levels',
    explanation: 'Levels come from the data. Where every cell is missing there are none.',
    example: 'y\nNA\nNA',
    fixed: 'y\na\nNA',
  },
  {
    code: 'E360',
    severity: 'error',
    title: 'sizes that disagree',
    explanation: 'A size is one number wherever it stands. The message names both columns with their counts.',
    example: 'data x, y : real[N]\n{"x": [1, 2, 3], "y": [1, 2]}',
    fixed: '{"x": [1, 2, 3], "y": [1, 2, 4]}',
  },
  {
    code: 'E361',
    severity: 'error',
    title: 'another size than the model declares',
    explanation: 'The model fixes this dimension by a number, a const or an expression, and the data has another.',
    example: 'data x : real[N, 3]\nwith the columns: x1,x2',
    fixed: 'data x : real[N, D]\nwith the columns: x1,x2',
  },
  {
    code: 'E362',
    severity: 'error',
    title: 'another size than in the fit',
    explanation:
      'The parameters of a fit have the sizes of its data. New data may have other rows, but not, for instance, other columns.',
    example: '--data new.csv with 3 columns, a fit of 2',
    fixed: '--columns x=a,b',
  },
  {
    code: 'E363',
    severity: 'error',
    title: 'data that cannot be read a part at a time',
    explanation:
      'A table that is larger than memory is read row by row, again at every iteration: each array takes one or more of its columns, one row for each of its rows, and all arrays with these rows come from it. Sequences, arrays over the levels of a category and rows from several files need the whole table in memory.',
    example: 'data y : count[R][T]\n--group-by id --memory 1GB',
    fixed: '--memory 16GB',
  },
  {
    code: 'E364',
    severity: 'error',
    title: 'too little memory',
    explanation:
      'Rows are read some thousands at a time, and these must have a place in memory besides the program itself. With very many columns that takes more than --memory allows.',
    example: '--memory 100MB with 5,000 columns',
    fixed: '--memory 2GB',
  },
  {
    code: 'W370',
    severity: 'warning',
    title: 'a row that is not used',
    explanation: 'An array over levels has a row for a level that no other data has. The row is left out.',
    example: 'center,size\nlyon,3\nrome,5\nand the levels: lyon',
    fixed: 'center,size\nlyon,3',
  },
  {
    code: 'W371',
    severity: 'warning',
    title: 'one number as two levels',
    explanation:
      'Levels are texts. Two spellings of one number, such as 1 and 1.0, are two levels, which is seldom meant.',
    example: 'y\n1\n1.0',
    fixed: 'y\n1\n1',
  },
  {
    code: 'W372',
    severity: 'warning',
    title: 'a column that counts the rows',
    explanation:
      'A matrix that takes all columns of a file has taken one with the numbers 1, 2, 3, …, which is probably not a measurement. --columns says which columns are meant.',
    example: 'row,x,y\n1,2.5,3\n2,2.7,4\n3,2.6,5',
    fixed: '--columns m=x,y',
  },
  {
    code: 'W373',
    severity: 'warning',
    title: 'a line that is not used',
    explanation:
      'A table of names and values has a line that the model does not take. If it is a cell of a multinomial, its count is missing from the total.',
    example: 'cell,count\na,1\nb,2\nand data a : count',
    fixed: 'data a, b : count',
  },
]
