import { Command, Option } from 'commander'
import { check } from './commands/check.js'
import { compare } from './commands/compare.js'
import { derive } from './commands/derive.js'
import { emit } from './commands/emit.js'
import { explain } from './commands/explain.js'
import { fit } from './commands/fit.js'
import { fmt } from './commands/fmt.js'
import { play } from './commands/play.js'
import { predict } from './commands/predict.js'
import { frames, report } from './commands/report.js'
import { score } from './commands/score.js'
import { select } from './commands/select.js'
import { simulate } from './commands/simulate.js'
import type { Context } from './context.js'
import { collect, duration, oneOf, portNumber, positiveNumber, wholeNumber } from './option-values.js'
import { backends, fitModes } from './ports.js'
import { byteSize } from './stream/byte-sizes.js'

/** The commands and options of `estep`. `done` receives the exit status of the command that ran. */
export function createProgram(context: Context, done: (status: number) => void): Command {
  const program = new Command('estep')
  program
    .description('Fits latent-variable models by an EM algorithm that it derives from the model')
    .version(context.ports.version, '-V, --version', 'print the version')
    .configureOutput({ writeOut: context.host.stdout, writeErr: context.host.stderr })
    .exitOverride()
    .showSuggestionAfterError(true)
  addModelCommands(program, context, done)
  addFitCommand(program, context, done)
  addFitFileCommands(program, context, done)
  addSelectCommand(program, context, done)
  addSimulateCommand(program, context, done)
  addPlayCommand(program, context, done)
  program
    .command('lsp')
    .description('language server for editors')
    .option('--stdio', 'speak on stdin and stdout')
    // some clients give the number of their own process; they end the server all the same
    .addOption(new Option('--clientProcessId <n>').hideHelp())
    .action(async (options) => {
      // its protocol and the service take time to load, which other commands need not wait for
      const { lsp } = await import('./commands/lsp.js')
      await lsp(context, options)
    })
  for (const command of program.commands)
    command.showHelpAfterError(`  = help: estep ${command.name()} ${command.usage()}; more with --help`)
  return program
}

function addModelCommands(program: Command, context: Context, done: (status: number) => void): void {
  program
    .command('check')
    .description('report errors and warnings of models')
    .argument('<model...>', 'model files; - is stdin')
    .option('--certify', 'prove the derivation numerically against brute force')
    .addOption(new Option('--seed <n>', 'seed of the proof').argParser(wholeNumber('--seed', 0)).default(1))
    .option('--json', 'one JSON document on stdout')
    .action(async (paths: string[], options) => done(await check(context, paths, options)))
  program
    .command('fmt')
    .description('rewrite models in canonical layout')
    .argument('<model...>', 'model files; - is stdin and goes to stdout')
    .option('--check', 'name the files that are not in canonical layout, change nothing')
    .action(async (paths: string[], options) => done(await fmt(context, paths, options)))
  const deriveCommand = program
    .command('derive')
    .description('print the derivation of the EM algorithm')
    .argument('<model>', 'model file; - is stdin')
    .addOption(
      new Option('--format <format>', 'text, md, latex or html')
        .argParser(oneOf('--format', ['text', 'md', 'latex', 'html']))
        .default('text'),
    )
    .option('--fragment', 'with --format latex: the sections alone, for a document of your own')
    .addOption(modeOption())
    .option('--worked', 'with the numbers of one iteration on --data')
  addDataOptions(deriveCommand)
    .addOption(new Option('--set <name=value>', 'override a const or give a scalar; repeatable').argParser(collect))
    .addOption(new Option('--start <name=value>', 'start value of a param; repeatable').argParser(collect))
    .addOption(new Option('--seed <n>', 'seed of the start').argParser(wholeNumber('--seed', 0)).default(1))
    .option('--json', 'one JSON document on stdout')
    .action(async (path: string, options) => done(await derive(context, path, options)))
  program
    .command('emit')
    .description('write a stand-alone program that runs the derived algorithm')
    .argument('<model>', 'model file; - is stdin')
    .addOption(
      new Option('--target <language>', 'js: an ES module, for `node fit.mjs data.csv` and for pages')
        .argParser(oneOf('--target', ['js']))
        .makeOptionMandatory(),
    )
    .option('--out <file>', 'write it there, in place of stdout')
    .option('--json', 'one JSON document on stdout')
    .action(async (path: string, options) => done(await emit(context, path, options)))
  program
    .command('explain')
    .description('say what a diagnostic means, with an example')
    .argument('<code>', 'for instance E204')
    .option('--json', 'one JSON document on stdout')
    .action((code: string, options) => done(explain(context, code, options)))
}

function addFitCommand(program: Command, context: Context, done: (status: number) => void): void {
  const command = program
    .command('fit')
    .description('fit a model to data')
    .argument('<model>', 'model file; - is stdin')
  addFittingOptions(command)
    .option('--checkpoint <file>', 'keep the state of the fit there while it runs')
    .addOption(
      new Option(
        '--checkpoint-every <time>',
        'least time between two checkpoints (default: 1s); 0: after every iteration',
      ).argParser(duration('--checkpoint-every', true)),
    )
    .option('--resume <file>', 'go on from a checkpoint, to the bits of a fit that was not interrupted')
    .option('--watch', 'fit again whenever the model or the data change; Ctrl-C ends')
    .option('--against <column>', 'compare the components with a column of known labels')
    .option('--trace', 'keep the params and expectations of every iteration')
    .option('--strict', 'exit 4 where the fit did not converge')
    .option('--out <file>', 'write the fit as JSON')
    .option('--json', 'one JSON document on stdout')
    .action(async (path: string, options) => done(await fit(context, path, options)))
}

function addSelectCommand(program: Command, context: Context, done: (status: number) => void): void {
  const command = program
    .command('select')
    .description('fit several candidates, compare them, and pick the best')
    .argument('<model...>', 'model files; - is stdin')
    .addOption(
      new Option('--over <name=values>', 'values of a const to go over, such as K=1..8 or K=2,4; repeatable').argParser(
        collect,
      ),
    )
    .addOption(
      new Option(
        '--by <criterion>',
        'bic, aic, icl, cv, elbo with --mode vb, or error or rand with --score (default: bic, or elbo)',
      ).argParser(oneOf('--by', ['bic', 'aic', 'icl', 'elbo', 'cv', 'error', 'rand'])),
    )
    .addOption(
      new Option('--folds <n>', 'folds of the cross-validation, 0 for none')
        .argParser(wholeNumber('--folds', 0))
        .default(5),
    )
    .option('--score <against=column>', 'compare the classification of what is held out with a column of known labels')
    .addOption(
      new Option(
        '--test [draws]',
        'bootstrap likelihood-ratio test of each value of a const against the next (default: 99 draws)',
      ).argParser(wholeNumber('--test', 1)),
    )
  addFittingOptions(command)
    .option('--strict', 'exit 4 where the best fit did not converge')
    .option('--out <file>', 'write the best fit as JSON')
    .option('--json', 'one JSON document on stdout')
    .action(async (paths: string[], options) => done(await select(context, paths, options)))
}

/** What every fit takes, by itself or as a candidate. */
function addFittingOptions(command: Command): Command {
  addDataOptions(command)
    .addOption(new Option('--set <name=value>', 'override a const or give a scalar; repeatable').argParser(collect))
    .addOption(new Option('--seed <n>', 'seed of the starts').argParser(wholeNumber('--seed', 0)).default(1))
    .addOption(
      new Option('--restarts <n>', 'starts; up to the best three run on (default: 20, or 1 with a start)').argParser(
        wholeNumber('--restarts', 1),
      ),
    )
    .option('--init <how>', 'auto, kmeans++, random, split, hierarchical, or a JSON file of start values', undefined)
    .addOption(new Option('--start <name=value>', 'start value of a param; repeatable').argParser(collect))
    .addOption(
      new Option(
        '--fix <name=value>',
        'hold a param at a value and estimate the others given it; NA leaves a cell free; repeatable',
      ).argParser(collect),
    )
    .addOption(
      new Option('--tol <t>', 'relative tolerance of the objective; 0: only --max-iter ends it')
        .argParser(positiveNumber('--tol', true))
        .default(1e-9),
    )
    .addOption(new Option('--max-iter <n>', 'most iterations').argParser(wholeNumber('--max-iter', 1)).default(10_000))
    .addOption(
      new Option('--max-time <time>', 'stop after seconds, or 500ms, 30s, 2m, 1h').argParser(duration('--max-time')),
    )
    .addOption(
      new Option(
        '--accelerate [how]',
        'jump ahead between the steps of EM where the objective approves: squarem (the default) or anderson',
      ).argParser(oneOf('--accelerate', ['squarem', 'anderson'])),
    )
    .addOption(
      new Option('--floor <f>', 'least variance of a component, relative to that of the data')
        .argParser(positiveNumber('--floor', true))
        .default(1e-6),
    )
    .addOption(memoryOption())
    .addOption(
      new Option(
        '--mode <mode>',
        'em; hard and cem: most probable values in place of the posterior, of all latents together or each by itself; anneal: from a flat posterior on; sem: draws from it; online: batches of rows; vb: posteriors of params with conjugate priors',
      )
        .argParser(oneOf('--mode', fitModes))
        .default('em'),
    )
    .addOption(
      new Option(
        '--batch <n>',
        'rows of a batch (sequences or groups, where rows belong together), in the modes online (default: 256) and hard (default: all)',
      ).argParser(wholeNumber('--batch', 1)),
    )
    .addOption(
      new Option(
        '--schedule <name=number>',
        'of anneal: from, factor, peak; of sem: burn, keep; of online: power, delay, passes; repeatable',
      ).argParser(collect),
    )
    .addOption(
      new Option('--m-step <how>', 'auto or gradient')
        .argParser(oneOf('--m-step', ['auto', 'gradient']))
        .default('auto'),
    )
    .addOption(
      new Option(
        '--backend <name>',
        'what runs the data pass: wasm, js, or interpret, which generates no code (default: what is fastest)',
      ).argParser(oneOf('--backend', backends)),
    )
    .addOption(
      new Option(
        '--threads <n>',
        'workers for large data (default: the cores there are, at most 8); the bits are the same',
      ).argParser(wholeNumber('--threads', 1)),
    )
    .addOption(
      new Option(
        '--errors <kind>',
        'standard errors and 95 % intervals: information (how sharply the log-likelihood curves), sandwich (right where the model is not, or for sampling weights), bootstrap (refits to rows drawn anew), parametric (refits to data drawn from the fit), or none (the default)',
      ).argParser(oneOf('--errors', ['none', 'information', 'sandwich', 'bootstrap', 'parametric'])),
    )
    .addOption(
      new Option('--replicates <n>', 'fits of the bootstrap, also the parametric one (default: 500)').argParser(
        wholeNumber('--replicates', 10),
      ),
    )
    .addOption(
      new Option(
        '--weights <kind>',
        'what weights are: frequency, how often a row was seen (the default), or sampling, how many of the population it stands for; then --errors is sandwich',
      ).argParser(oneOf('--weights', ['frequency', 'sampling'])),
    )
    .option('--standardize', 'fit columns of real data at mean 0 and sd 1; params are given in the units of the data')
  return command
}

const memoryOption = (): Option =>
  new Option('--memory <size>', 'most memory, such as 1GB: data that need more are read a part at a time').argParser(
    byteSize('--memory'),
  )

function addFitFileCommands(program: Command, context: Context, done: (status: number) => void): void {
  const command = program
    .command('predict')
    .description('posterior of the latents for (new) rows')
    .argument('<fit>', 'a fit written by `estep fit --out`')
  addDataOptions(command)
    .option('--hard', 'only the most probable values, all latents together: of a chain its most probable path')
    .option('--filtered', 'of chains, the states given the data up to their own place')
    .option('--impute', 'the rows as they are, with missing cells filled')
    .option('--sd', 'with --impute: the sd or the probability of what was filled, in columns of their own')
    .option('--out <file>', 'write the rows as CSV, every column kept')
    .addOption(memoryOption())
    .option('--json', 'one JSON document on stdout')
    .action(async (path: string, options) => done(await predict(context, path, options)))
  addDataOptions(
    program
      .command('score')
      .description('log-likelihood of (new) rows, and what each adds to it')
      .argument('<fit>', 'a fit written by `estep fit --out`'),
  )
    .option('--residuals', 'each cell in the distribution that the model gives it, and what these say together')
    .option('--out <file>', 'write the residuals of all cells as CSV')
    .addOption(memoryOption())
    .option('--json', 'one JSON document on stdout')
    .action(async (path: string, options) => done(await score(context, path, options)))
  addDataOptions(
    program
      .command('report')
      .description('a fit as one HTML file: parameters, pictures, derivation')
      .argument('<fit>', 'a fit written by `estep fit --out`'),
  )
    .addOption(
      new Option('--frames <iterations>', 'pictures of iterates, such as 0..4, of a fit with --trace').argParser(
        frames,
      ),
    )
    .option('--out <file>', 'write it there, in place of stdout')
    .action(async (path: string, options) => done(await report(context, path, options)))
  program
    .command('compare')
    .description('match the components of two fits and print the differences')
    .argument('<fit>', 'a fit')
    .argument('<fit>', 'another fit')
    .option('--json', 'one JSON document on stdout')
    .action(async (first: string, second: string, options) => done(await compare(context, first, second, options)))
}

function addSimulateCommand(program: Command, context: Context, done: (status: number) => void): void {
  const command = program
    .command('simulate')
    .description('draw rows from a fit, or from a model at given params')
    .argument('<model|fit>', 'a fit written by `estep fit --out`, or a model; - is stdin')
    .addOption(new Option('--size <name=n>', 'how many rows (or sequences) there are; repeatable').argParser(collect))
  addDataOptions(command)
    .addOption(new Option('--set <name=value>', 'override a const or give a scalar; repeatable').argParser(collect))
    .addOption(new Option('--param <name=value>', 'value of a param of a model; repeatable').argParser(collect))
    .option('--params <file>', 'params of a model: JSON in the shape of the params of a fit, or a fit')
    .addOption(new Option('--seed <n>', 'seed of the draws').argParser(wholeNumber('--seed', 0)).default(1))
    .option('--latents', 'with what is latent, in columns of its own')
    .option('--keep-missing', 'cells that are missing in --data are missing again')
    .option('--out <file>', 'write the rows there: CSV, or JSON by its name')
    .option('--json', 'one JSON document on stdout')
    .action(async (path: string, options) => done(await simulate(context, path, options)))
}

function addPlayCommand(program: Command, context: Context, done: (status: number) => void): void {
  program
    .command('play')
    .description('the playground in the browser, served on this machine only')
    .argument('[model]', 'a model to open; - is stdin')
    .addOption(new Option('--data <file>', 'data of the model; repeatable').argParser(collect))
    .addOption(new Option('--port <p>', 'port (default: 5717, or one that is free)').argParser(portNumber))
    .option('--no-open', 'do not open the browser')
    .action(async (path: string | undefined, options) => done(await play(context, path, options)))
}

function addDataOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--data <file>',
        'CSV, TSV, JSON or Parquet; name=FILE for one name; - is stdin; repeatable',
      ).argParser(collect),
    )
    .addOption(
      new Option('--columns <name=columns>', 'columns of a data name, such as x=a,b; repeatable').argParser(collect),
    )
    .option('--group-by <column>', 'the column that tells sequences apart')
}

function modeOption(): Option {
  return new Option('--mode <mode>', `${fitModes.join(', ')}: what the mode changes is marked`)
    .argParser(oneOf('--mode', fitModes))
    .default('em')
}
