import { columnOf, type Search } from './find-column.js'
import { isRagged } from './grid.js'
import { didYouMean } from './nearest-name.js'
import { dataCodes, dataProblem } from './problems.js'
import type { DataProblem } from './types.js'

/** Options that name things which are not there. */
export function checkOptions(search: Search): readonly DataProblem[] {
  const problems: DataProblem[] = []
  const names = search.declarations.map((declaration) => declaration.name)
  const listed = names.length === 0 ? 'the model declares no data' : `the model's data are ${names.join(', ')}`
  for (const name of search.columns.keys()) {
    if (names.includes(name)) continue
    problems.push(
      dataProblem(
        dataCodes.unknownData,
        `--columns ${name}=…: the model has no data \`${name}\``,
        {},
        didYouMean(name, names) ?? listed,
      ),
    )
  }
  for (const { name, source } of search.tables) {
    if (name === undefined || names.includes(name)) continue
    problems.push(
      dataProblem(
        dataCodes.unknownData,
        `--data ${name}=${source}: the model has no data \`${name}\``,
        { source },
        didYouMean(name, names) ?? listed,
      ),
    )
  }
  const { groupBy } = search
  // With a ragged array the search for its sequences complains itself.
  if (
    groupBy !== null &&
    !search.declarations.some(isRagged) &&
    search.tables.length > 0 &&
    search.tables.every((table) => columnOf(table, groupBy) === null)
  ) {
    const columns = search.tables.flatMap((table) => table.columns.map((column) => column.name))
    problems.push(
      dataProblem(
        dataCodes.groupColumn,
        `--group-by ${groupBy}: there is no such column`,
        { column: groupBy },
        didYouMean(groupBy, columns),
      ),
    )
  }
  return problems
}
