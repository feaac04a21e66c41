/** Who may import whom: lang ← compiler ← api ← index ← cli, playground; lang ← oracle ← api; runtime ← api. One way, no cycles. */
const own = '^(lang|compiler|oracle|runtime|api|cli|test|bench|playground|index\\.ts$)'

/** A folder that may import nothing of the project but itself and `others`. */
function only(name, others = []) {
  const allowed = [name, ...others].map((folder) => `^${folder}/`)
  return {
    name: `${name}-imports`,
    comment: `${name} imports ${others.length === 0 ? 'nothing else of the project' : others.join(', ')}`,
    severity: 'error',
    from: { path: `^${name}/` },
    to: { path: own, pathNot: allowed },
  }
}

module.exports = {
  forbidden: [
    only('lang'),
    only('oracle', ['lang']),
    only('runtime'),
    {
      name: 'compiler-imports',
      comment: 'compiler imports lang, and types from runtime/contract',
      severity: 'error',
      from: { path: '^compiler/' },
      to: { path: own, pathNot: ['^compiler/', '^lang/', '^runtime/contract\\.ts$'] },
    },
    {
      name: 'compiler-contract-types',
      comment: 'of runtime/contract the compiler takes types only',
      severity: 'error',
      from: { path: '^compiler/' },
      to: { path: '^runtime/contract\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'index-imports',
      comment: 'the public API knows no command line',
      severity: 'error',
      from: { path: '^(index\\.ts$|api/)' },
      to: { path: '^(cli|test|bench|playground)/' },
    },
    {
      name: 'playground-imports',
      comment: 'the playground knows no command line',
      severity: 'error',
      from: { path: '^playground/' },
      to: { path: '^(cli|test|bench)/' },
    },
    {
      name: 'playground-is-no-library',
      severity: 'error',
      from: { path: '^(lang|compiler|oracle|runtime|api|cli|index\\.ts$)' },
      to: { path: '^playground/' },
    },
    {
      name: 'node-in-cli-only',
      // api/workers asks the process for modules of Node where there is one: an import would end up in bundles for pages
      comment: 'only the command line, tests and benchmarks import modules of Node',
      severity: 'error',
      from: { path: '^(lang|compiler|oracle|runtime|api|playground/(?!vite\\.config|build/)|index\\.ts$)' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^virtual:' } },
    {
      name: 'no-development-packages',
      comment: 'what is shipped needs only dependencies',
      severity: 'error',
      from: { path: '^(lang|compiler|oracle|runtime|api|cli|index\\.ts$)' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
