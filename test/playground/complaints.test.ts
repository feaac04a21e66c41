import { expect, it } from 'vitest'
import { ofProblem } from '../../playground/workers/complaints.js'

const problem = { code: 'E400', message: '', source: null, row: null, column: null, value: null, help: null }

it('says where a problem is once, and what to do on the page in place of options', () => {
  const cell = ofProblem({
    ...problem,
    message: 'na.csv, row 2 (line 3), column `y`: the cell is missing',
    source: 'na.csv',
    row: 3,
  })
  expect(cell.message).toBe('na.csv, row 2 (line 3), column `y`: the cell is missing')
  expect(ofProblem({ ...problem, message: 'it is not closed', source: 'a.csv', row: 4 }).message).toBe(
    'a.csv, row 4: it is not closed',
  )
  expect(ofProblem({ ...problem, help: 'say it, for instance: --columns x=waiting' }).help).toBe(
    'choose the columns of `x` below, under “Columns of the model”',
  )
  expect(ofProblem({ ...problem, help: 'give a file with --data FILE' }).help).toBe(
    'choose a file, paste a table, or drop a file on the page',
  )
})
