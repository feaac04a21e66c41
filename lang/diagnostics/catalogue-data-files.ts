import type { CatalogueEntry } from './catalogue-entry.js'

/** E301–E319: files that cannot be read as a table. */
export const dataFileEntries: readonly CatalogueEntry[] = [
  {
    code: 'E301',
    severity: 'error',
    title: 'not a text file',
    explanation:
      'A table is read as text (CSV, TSV or JSON) or from Parquet. This file is a workbook, an archive or another binary file, or it holds NUL characters, as damaged files do. Save the table as CSV in UTF-8 and give that file.',
    example: '--data measurements.xlsx',
    fixed: '--data measurements.csv',
  },
  {
    code: 'E302',
    severity: 'error',
    title: 'not UTF-8',
    explanation:
      'Text is read as UTF-8, or as UTF-16 where a byte-order mark or the pattern of its zeros says so. A byte that no such text can hold would turn into a wrong character, so the file is refused. Spreadsheets offer "CSV UTF-8" when saving.',
    example: 'a file saved as Windows-1252 that holds Zürich',
    fixed: 'the same file saved as UTF-8',
  },
  {
    code: 'E303',
    severity: 'error',
    title: 'an empty file',
    explanation:
      'The file holds nothing but blanks. The first line of a table holds the names of its columns, the following ones its rows.',
    example: '(an empty file)',
    fixed: 'x\n1\n2',
  },
  {
    code: 'E304',
    severity: 'error',
    title: 'a header and no rows',
    explanation:
      'The first line is taken as the names of the columns; nothing follows it. A fit needs at least one row.',
    example: 'x,y',
    fixed: 'x,y\n1,2',
  },
  {
    code: 'E305',
    severity: 'error',
    title: 'a row with another number of cells',
    explanation:
      'Every row has as many cells as the header has names. Usually a cell holds the separator and lacks its double quotes, or the rows begin with row names that the header does not name.',
    example: 'x,place\n1,Bern, CH',
    fixed: 'x,place\n1,"Bern, CH"',
  },
  {
    code: 'E306',
    severity: 'error',
    title: 'two columns with one name',
    explanation: 'Data is bound to columns by name, so each column needs its own.',
    example: 'x,y,x\n1,2,3',
    fixed: 'x,y,z\n1,2,3',
  },
  {
    code: 'E307',
    severity: 'error',
    title: 'a column without a name',
    explanation:
      'Data is bound to columns by name. A nameless column is often one of row numbers that another program added, or comes from a comma too many at the end of the line.',
    example: ',x\n1,2.5',
    fixed: 'row,x\n1,2.5',
  },
  {
    code: 'E308',
    severity: 'error',
    title: 'an unfinished quote',
    explanation:
      'A field in double quotes ends at the next double quote, and a quote inside it is written twice. Otherwise everything up to the next quote would be read as one cell.',
    example: 'name,x\n"a,1',
    fixed: 'name,x\n"a",1',
  },
  {
    code: 'E309',
    severity: 'error',
    title: 'beyond the limits of what is read',
    explanation:
      'A file may have 500 MB, a line 16 MB, a field 1 MB and a table 10,000 columns. More is nearly always a file of another kind or a separator that was not recognised; a wide table is better written long.',
    example: 'a table of 12,000 columns',
    fixed: 'a table of three columns: row, column, value',
  },
  {
    code: 'E310',
    severity: 'error',
    title: 'no names of columns',
    explanation:
      'The first line holds only numbers, so it seems to be data. It would be lost if it were taken as names, and the columns would have none.',
    example: '3.6,79\n1.8,54',
    fixed: 'eruptions,waiting\n3.6,79\n1.8,54',
  },
  {
    code: 'E311',
    severity: 'error',
    title: 'JSON that is no table',
    explanation:
      'JSON data is an array of row objects, or an object of arrays by name. Arrays may be nested for matrices and sequences; a missing cell is null.',
    example: '[{"x": 1}, {"x": 2',
    fixed: '[{"x": 1}, {"x": 2}]',
  },
  {
    code: 'E312',
    severity: 'error',
    title: 'Parquet that cannot be read',
    explanation:
      'The file begins as Parquet does, but its end is missing, a page is damaged, or it uses what is not read: encryption, columns in other files, or nothing but lists and records. Numbers, text, truth values, dates and times are read, with dictionaries and with Snappy, Zstandard, Gzip, Brotli or LZ4.',
    example: 'a file whose download was cut off',
    fixed: 'the whole file',
  },
  {
    code: 'E313',
    severity: 'error',
    title: 'a file that changed while it was read',
    explanation:
      'A table that is larger than memory is read again at every iteration, and each time it must be the same. The file has been written to, cut off or taken away since the fit began, or it cannot be read any more.',
    example: 'a program that appends rows to the file during the fit',
    fixed: 'a copy of the file',
  },
  {
    code: 'E314',
    severity: 'error',
    title: 'no room for a scratch file',
    explanation:
      'A text file that is larger than memory is first turned into a file of numbers in the folder for temporary files, which takes 8 bytes a number. That folder has too little room. The environment variable TMPDIR names another one; the file is taken away at the end.',
    example: 'TMPDIR=/tmp with 2 GB left',
    fixed: 'TMPDIR=/data/scratch',
  },
]
