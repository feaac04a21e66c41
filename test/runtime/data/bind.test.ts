import { describe, expect, it } from 'vitest'
import { type BindOptions, bindData } from '../../../runtime/data/bind.js'
import { readTable } from '../../../runtime/data/read-table.js'
import { tableFromObject } from '../../../runtime/data/table-from-object.js'
import type { BoundData, DataProblem, Table } from '../../../runtime/data/types.js'
import { declare } from '../../support/declare.js'

function table(text: string, source = 'a.csv'): Table {
  const read = readTable(source, text)
  if (read.value === undefined) throw new Error(read.problems[0]?.message)
  return read.value
}

function object(data: unknown): Table {
  const read = tableFromObject(data)
  if (read.value === undefined) throw new Error(read.problems[0]?.message)
  return read.value
}

function bound(model: string, tables: readonly Table[], options: BindOptions = {}, consts = {}): BoundData {
  const result = bindData(declare(model, consts), tables, options)
  if (result.value === undefined) throw new Error(result.problems.map((problem) => problem.message).join('\n'))
  return result.value
}

function refused(model: string, tables: readonly Table[], options: BindOptions = {}): readonly DataProblem[] {
  const result = bindData(declare(model), tables, options)
  expect(result.value).toBeUndefined()
  return result.problems
}

const values = (data: BoundData, name: string): number[] => [...(data.arrays.get(name)?.values ?? [])]

describe('columns', () => {
  it('binds vectors by name and infers sizes', () => {
    const data = bound('data x, y : real[N]', [table('y,x,z\n1,2,a\n3,4,b\n')])
    expect(values(data, 'x')).toEqual([2, 4])
    expect(data.sizes.get('N')).toBe(2)
    expect(data.columns.get('y')).toEqual(['y'])
  })

  it('renames with --columns', () => {
    const data = bound('data y : category[N]', [table('species\nb\na\n')], { columns: new Map([['y', ['species']]]) })
    expect(values(data, 'y')).toEqual([1, 0])
    expect(data.levels.get('y')).toEqual([['a', 'b']])
  })

  it('reads a matrix from listed columns, from numbered ones and from all of them', () => {
    const listed = bound('data x : real[N, D]', [table('a,b,c\n1,2,3\n4,5,6\n')], {
      columns: new Map([['x', ['c', 'a']]]),
    })
    expect(values(listed, 'x')).toEqual([3, 1, 6, 4])
    for (const header of ['x1,q,x2', 'x.1,q,x.2', 'x[1],q,x[2]']) {
      const numbered = bound('data x : real[N, D]', [table(`${header}\n1,z,2\n`)])
      expect(values(numbered, 'x')).toEqual([1, 2])
      expect(numbered.sizes.get('D')).toBe(2)
    }
    const all = bound('data x : real?[N, D]', [table('a,b\n1,NA\n3,4\n')])
    expect(values(all, 'x')).toEqual([1, Number.NaN, 3, 4])
    expect(all.arrays.get('x')?.missing).toBe(1)
  })

  it('asks which columns a matrix has, with the line to paste', () => {
    const [problem] = refused('data x : real[N, D]', [table('sepal length,b,species\n1,2,setosa\n')])
    expect(problem).toMatchObject({ code: 'E321', row: 2, column: 'species', value: 'setosa' })
    expect(problem?.help).toContain(`--columns 'x="sepal length",b'`)
  })

  it('does not give a matrix columns that other data took', () => {
    const [problem] = refused('data x : real[N, D]\ndata y : real[N]', [table('y,a,b\n1,2,3\n')])
    expect(problem?.code).toBe('E321')
    expect(problem?.help).toContain('--columns x=a,b')
  })

  it('does not bind a matrix to the one column of its name', () => {
    expect(bound('data x : real[N, D]', [table('x,y\n1,2\n')]).sizes.get('D')).toBe(2)
    const [problem] = refused('data x : real[N, D]\ndata y : real[N]', [table('x,y\n1,2\n')])
    expect(problem).toMatchObject({ code: 'E321', help: expect.stringContaining('--columns x=x') })
  })

  it('takes the names of objects as ordinary column names', () => {
    const data = bound('data x : real[N, D]', [table('__proto__,constructor\n1,2\n')], {
      columns: new Map([['x', ['__proto__', 'constructor']]]),
    })
    expect(values(data, 'x')).toEqual([1, 2])
  })

  it('suggests the nearest column', () => {
    const [problem] = refused('data velocity : real[N]', [table('velocty,b\n1,2\n')])
    expect(problem).toMatchObject({ code: 'E320' })
    expect(problem?.help).toContain('did you mean `velocty`?')
  })
})

describe('scalars', () => {
  const model = 'data h, c, d : count'
  it.each([
    ['a one-row table', 'h,c,d\n20,10,10\n'],
    ['names and values', 'cell,count\nh,20\nc,10\nd,10\n'],
    ['names and values without a header', 'h,20\nc,10\nd,10\n'],
  ])('come from %s', (_, text) => {
    const data = bound(model, [table(text)])
    expect(['h', 'c', 'd'].map((name) => values(data, name)[0])).toEqual([20, 10, 10])
  })

  it('come from --set, and by renamed lines', () => {
    const set = new Map<string, unknown>([
      ['d', 10],
      ['K', 4],
    ])
    const data = bound(model, [table('cell,count\nA_or_B,20\nc,10\n')], { set, columns: new Map([['h', ['A_or_B']]]) })
    expect(['h', 'c', 'd'].map((name) => values(data, name)[0])).toEqual([20, 10, 10])
  })

  it('are not columns of many rows', () => {
    expect(refused('data n : count', [table('n\n1\n2\n')])[0]?.code).toBe('E327')
  })
})

describe('ragged arrays', () => {
  const model = 'data y : count[R][T]\ndata g : category[R]'
  it('group rows in order of first appearance', () => {
    const data = bound(model, [table('id,y,g\nb,1,u\na,2,v\nb,3,u\n')], { groupBy: 'id' })
    expect(values(data, 'y')).toEqual([1, 3, 2])
    expect([...(data.arrays.get('y')?.offsets ?? [])]).toEqual([0, 2, 3])
    expect([...(data.lengths.get('T') ?? [])]).toEqual([2, 1])
    expect(data.sizes.get('R')).toBe(2)
    expect(values(data, 'g')).toEqual([0, 1])
  })

  it('come from nested arrays, even or not', () => {
    const data = bound('data y : count[R][T]', [object({ y: [[1, 2, 3], [4]] })])
    expect(data.arrays.get('y')?.shape).toEqual([2, 4])
    const even = bound('data y : count[R][T]', [
      object({
        y: [
          [1, 2],
          [3, 4],
        ],
      }),
    ])
    expect([...(even.arrays.get('y')?.offsets ?? [])]).toEqual([0, 2, 4])
  })

  it('of vectors lie row after row', () => {
    const vectors = 'data y : real[R][T, D]'
    const grouped = bound(vectors, [table('id,y1,y2\nb,1,2\na,3,4\nb,5,6\n')], {
      groupBy: 'id',
      columns: new Map([['y', ['y1', 'y2']]]),
    })
    const nested = bound(vectors, [
      object({
        y: [
          [
            [1, 2],
            [5, 6],
          ],
          [[3, 4]],
        ],
      }),
    ])
    for (const data of [grouped, nested]) {
      expect(values(data, 'y')).toEqual([1, 2, 5, 6, 3, 4])
      expect(data.arrays.get('y')?.shape).toEqual([2, 3, 2])
      expect([...(data.arrays.get('y')?.offsets ?? [])]).toEqual([0, 2, 3])
    }
    const [problem] = refused(vectors, [
      object({
        y: [
          [
            [1, 2],
            [5, 6],
          ],
          [[3, 'x']],
        ],
      }),
    ])
    expect(problem?.message).toContain('`y[2, 1, 2]`')
  })

  it('are refused without --group-by', () => {
    expect(refused('data y : count[R][T]', [table('id,y\n1,2\n')])[0]).toMatchObject({
      code: 'E329',
      help: expect.stringContaining('--group-by id'),
    })
  })
})

describe('levels', () => {
  it('are sorted as numbers if all are numbers', () => {
    const data = bound('data y : category[N]', [table('y\n10\n9\n10\n')])
    expect(data.levels.get('y')).toEqual([['9', '10']])
    expect(data.sizes.get('y')).toBe(2)
  })

  it('are shared where they have one name', () => {
    const data = bound('data a, b : category(J)[M]', [table('a,b\nx,y\ny,z\n')])
    expect(data.levels.get('J')).toEqual([['x', 'y', 'z']])
    expect(values(data, 'b')).toEqual([1, 2])
    expect(data.sizes.get('J')).toBe(3)
  })

  it('are one list per column of a matrix', () => {
    const data = bound('data y : category[N, J]', [table('a,b\nx,1\ny,2\nx,3\n')])
    expect(data.levels.get('y')).toEqual([
      ['x', 'y'],
      ['1', '2', '3'],
    ])
    expect(values(data, 'y')).toEqual([0, 0, 1, 1, 0, 2])
  })

  it('key the rows of another file', () => {
    const visits = table('center,y\nlyon,1\nbern,2\nlyon,3\n', 'visits.csv')
    const centers = table('size,center\n30,lyon\n20,bern\n', 'centers.csv')
    const model = 'data center : category[N]\ndata y : real[N]\ndata size : real[levels(center)]'
    const data = bound(model, [centers, visits])
    expect(values(data, 'size')).toEqual([20, 30])
    expect(data.sizes.get('N')).toBe(3)
    const less = refused(model, [visits, table('size,center\n30,lyon\n', 'centers.csv')])
    expect(less[0]).toMatchObject({ code: 'E351', source: 'centers.csv', value: 'bern' })
  })

  it('of a fit are kept, unseen ones refused or added at the end', () => {
    const frozenLevels = new Map([['s', [['b', 'c']]]])
    const declarations = declare('data s : category[N]')
    const rows = table('s\nc\na\n')
    expect(bindData(declarations, [rows], { frozenLevels }).problems[0]).toMatchObject({
      code: 'E350',
      row: 3,
      value: 'a',
    })
    const latent = declarations.map((declaration) => ({ ...declaration, indexesLatentsOnly: true }))
    const data = bindData(latent, [rows], { frozenLevels }).value
    expect(data?.levels.get('s')).toEqual([['b', 'c', 'a']])
    expect([...(data?.arrays.get('s')?.values ?? [])]).toEqual([1, 2])
  })
})

describe('objects', () => {
  it('give arrays, typed arrays, rows and nested arrays', () => {
    const data = bound('data x : real[N, D]\ndata y : category[N]\ndata n : count', [
      object({
        x: [
          [1, 2],
          [3, 4],
        ],
        y: ['a', 'b'],
        n: 7,
      }),
    ])
    expect(values(data, 'x')).toEqual([1, 2, 3, 4])
    expect(values(data, 'n')).toEqual([7])
    const typed = bound('data x : real[N]', [object({ x: Float64Array.of(1, 2) })])
    expect(values(typed, 'x')).toEqual([1, 2])
    const rows = bound('data x : real[N]\ndata b : bool[N]', [
      object([
        { x: 1, b: true },
        { x: 2, b: false },
      ]),
    ])
    expect(values(rows, 'b')).toEqual([1, 0])
    const wide = bound('data x : real[N, D]', [object([{ x: [1, 2] }, { x: [3, 4] }])])
    expect(values(wide, 'x')).toEqual([1, 2, 3, 4])
  })

  it('of the wrong depth are refused', () => {
    expect(refused('data x : real[N]', [object({ x: [[1, 2]] })])[0]?.code).toBe('E332')
  })

  it('may lack a dimension of one column', () => {
    expect(bound('data x : real[N, D]', [object({ x: [1, 2, 3] })]).arrays.get('x')?.shape).toEqual([3, 1])
  })
})

describe('sizes', () => {
  it('must agree, and the complaint names both columns', () => {
    const [problem] = refused('data x, y : real[N]', [table('x\n1\n2\n', 'a.csv'), table('y\n1\n', 'b.csv')])
    expect(problem?.code).toBe('E360')
    expect(problem?.message).toBe('`y` (column y of b.csv) has 1 row, but `x` (column x of a.csv) has 2: both are N')
  })

  it('that the model fixes are checked', () => {
    const result = bindData(declare('data x : real[N, 3]'), [table('x1,x2\n1,2\n')])
    expect(result.problems[0]?.code).toBe('E361')
  })

  it('of a fit are kept', () => {
    const result = bindData(declare('data x : real[N, D]'), [table('x1\n1\n')], { frozenSizes: new Map([['D', 2]]) })
    expect(result.problems[0]?.code).toBe('E362')
  })
})
