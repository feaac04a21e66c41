import type { CatalogueEntry } from './catalogue-entry.js'

/** E320–E339: data of the model that is not found among the columns. */
export const dataBindingEntries: readonly CatalogueEntry[] = [
  {
    code: 'E320',
    severity: 'error',
    title: 'no column for a data name',
    explanation:
      'Data is bound by name: `data y : real[N]` takes the column `y`. Where the column has another name, --columns says so; a single number may also come from --set or from a line of a table of names and values.',
    example: 'data velocity : real[N]\nwith the columns: speed',
    fixed: '--columns velocity=speed',
  },
  {
    code: 'E321',
    severity: 'error',
    title: 'which columns make the matrix',
    explanation:
      'A matrix takes the columns named by --columns, or x1, x2, …; or all columns of the file when it is the only matrix, all else is bound and every column fits. Here that is not so. The complaint has the option to paste.',
    example: 'data x : real[N, D]\nwith the columns: sl,sw,species',
    fixed: '--columns x=sl,sw',
  },
  {
    code: 'E322',
    severity: 'error',
    title: 'an option for data that is not declared',
    explanation:
      '--columns and --data name=FILE begin with the name of data in the model. A name that the model does not have is never ignored.',
    example: 'data x : real[N]\n--columns z=a',
    fixed: '--columns x=a',
  },
  {
    code: 'E323',
    severity: 'error',
    title: 'a column that is not there',
    explanation:
      '--columns names a column which no file has. Case matters, and a name with a comma, a space or = stands in double quotes.',
    example: '--columns x=eruption,waiting\nwith the columns: eruptions,waiting',
    fixed: '--columns x=eruptions,waiting',
  },
  {
    code: 'E324',
    severity: 'error',
    title: 'a wrong number of columns',
    explanation: 'A vector takes one column and a matrix several, each once.',
    example: 'data x : real[N]\n--columns x=a,b',
    fixed: 'data x : real[N, D]\n--columns x=a,b',
  },
  {
    code: 'E325',
    severity: 'error',
    title: 'a gap in numbered columns',
    explanation:
      'Columns x1, x2, … make the matrix x only when no number is left out: a gap usually means that a column was lost.',
    example: 'x1,x3\n1,2',
    fixed: 'x1,x2\n1,2',
  },
  {
    code: 'E326',
    severity: 'error',
    title: 'one name in several files',
    explanation:
      'A name is looked for in all files. When several have it and nothing tells which is meant, --data name=FILE does.',
    example: '--data a.csv --data b.csv, both with a column x',
    fixed: '--data a.csv --data x=b.csv',
  },
  {
    code: 'E327',
    severity: 'error',
    title: 'one number wanted, a column found',
    explanation:
      'Data without dimensions is one number: from a table with one row, from a line of a table of names and values, or from --set.',
    example: 'data n : count\nwith the column n of 20 rows',
    fixed: '--set n=40',
  },
  {
    code: 'E328',
    severity: 'error',
    title: 'a name given twice',
    explanation:
      'In a table of names and values each name stands once; otherwise one of the two values would be dropped in silence.',
    example: 'cell,count\na,1\na,3',
    fixed: 'cell,count\na,1\nb,3',
  },
  {
    code: 'E329',
    severity: 'error',
    title: 'sequences without --group-by',
    explanation:
      '`y[R][T]` is many sequences. A table holds them one below the other, and a column must say which sequence a row belongs to; without it they would become one long sequence, which is another model.',
    example: 'data y : count[R][T]\nwith the columns: id,y',
    fixed: '--group-by id',
  },
  {
    code: 'E330',
    severity: 'error',
    title: 'the column of --group-by',
    explanation: 'The column that says which sequence a row belongs to is not there, or has a missing cell.',
    example: '--group-by sequence\nwith the columns: id,y',
    fixed: '--group-by id',
  },
  {
    code: 'E331',
    severity: 'error',
    title: 'a value that changes within a sequence',
    explanation:
      'An array with one element per sequence takes its value from the rows of the sequence, which must then all have the same.',
    example: 'id,y,group\n1,2,a\n1,3,b',
    fixed: 'id,y,group\n1,2,a\n1,3,a',
  },
  {
    code: 'E332',
    severity: 'error',
    title: 'an array of another depth',
    explanation:
      'A nested array has as many levels as the declaration has dimensions, and is even unless the declaration is ragged, `[R][T]`.',
    example: 'data x : real[N]\n{"x": [[1, 2], [3, 4]]}',
    fixed: 'data x : real[N, D]\n{"x": [[1, 2], [3, 4]]}',
  },
]
