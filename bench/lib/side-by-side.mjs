/**
 * The programs of a workload. Ours and those that the goal names take turns: in each round every one of them makes a few
 * iterations, of which the first is left out, since the program before has used the caches; programs with short iterations
 * make more of them. What is compared are medians over all rounds. The other peers follow one at a time, with as many iterations as some seconds allow. A program that fails
 * is left out, with the reason.
 */

import { startProgram } from './program.mjs'
import { median } from './statistics.mjs'

/** Seconds for each of the other peers. */
const BESIDE = 8

/** Milliseconds before each turn: threads of the program before that wait for work in a loop have gone to sleep. */
const PAUSE = 150

/** Seconds that a turn takes at least: the clock of a core that was idle comes back more slowly than a short iteration ends. */
const LEAST_TURN = 0.12

/** `{ programs, failures, iterations }`; of each program its times, how many iterations it made, and the objective after these. */
export async function sideBySide(contestants, { rounds, perRound, log }) {
  const failures = []
  const programs = []
  const attempt = async (entry, act) => {
    try {
      return await act()
    } catch (error) {
      failures.push(error.message)
      log(`  left out: ${error.message}`)
      entry.failed = true
      return null
    }
  }
  const begin = async (contestant) => {
    const entry = {
      contestant,
      program: null,
      seconds: [],
      processor: [],
      objectives: [],
      first: null,
      last: null,
      made: 0,
    }
    entry.program = await attempt(entry, () => startProgram(contestant))
    return entry
  }
  /** `iterations` of them; the times of the first `skip` do not count. */
  const turn = async (entry, iterations, skip) => {
    if (entry.failed) return
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
    const answer = await attempt(entry, () => entry.program.step(iterations))
    if (answer === null) return
    entry.first ??= answer.seconds[0]
    entry.seconds.push(...answer.seconds.slice(skip))
    entry.processor.push(...(answer.processor ?? []).slice(skip))
    entry.objectives.push(...(answer.objectives ?? []))
    entry.last = answer
    entry.made += iterations
  }
  const finish = async (entry) => {
    await entry.program?.end()
    if (entry.failed) return
    const result = resultOf(entry)
    programs.push(result)
    log(`  ${lineOf(result)}`)
  }

  const together = []
  for (const contestant of contestants.filter(({ beside }) => !beside)) together.push(await begin(contestant))
  for (let round = 0; round < rounds; round++) {
    const counts = new Map(together.map((entry) => [entry, iterationsOf(entry, perRound)]))
    const ours = together.filter(({ contestant }) => contestant.kind === 'ours').map((entry) => counts.get(entry))
    // a peer is not ahead of us: its objective is compared with ours after as many iterations
    for (const entry of together) {
      const own = counts.get(entry)
      await turn(entry, entry.contestant.kind === 'ours' ? own : Math.min(own, ...ours), 1)
    }
  }
  for (const entry of together) await finish(entry)

  for (const contestant of contestants.filter(({ beside }) => beside)) {
    const entry = await begin(contestant)
    if (contestant.slow) {
      // its loop cannot be entered: one fit of a few iterations, less one of a single iteration
      await turn(entry, 2 * perRound, 0)
    } else {
      await turn(entry, 2, 1)
      const affordable = entry.failed ? 0 : Math.floor(BESIDE / entry.last.seconds[1])
      await turn(entry, Math.min(Math.max(affordable, 2), rounds * perRound - 2), 0)
    }
    await finish(entry)
  }
  return { programs, failures }
}

/** Iterations of the next turn. */
const iterationsOf = ({ seconds }, perRound) =>
  seconds.length === 0 ? perRound : Math.max(perRound, Math.ceil(LEAST_TURN / median(seconds)))

function resultOf({ contestant, program, seconds, processor, objectives, first, last, made }) {
  const { command: _command, args: _args, ...what } = contestant
  return {
    ...what,
    ready: program.ready,
    versions: program.ready.versions,
    median: median(seconds),
    least: Math.min(...seconds),
    processor: processor.length > 0 ? Math.min(...processor) : null,
    first: contestant.slow ? null : first,
    objective: last.objective,
    /** Of ours, after each iteration. */
    objectives,
    peak: last.peak ?? null,
    /** Iterations made, and those that were timed. */
    made,
    count: seconds.length,
  }
}

function lineOf({ label, least, median, processor, first, objective, count }) {
  const ms = (s) => `${(1000 * s).toFixed(1)} ms`
  const parts = [`median ${ms(median)} of ${count}`, `least ${ms(least)}`]
  if (processor !== null) parts.push(`processor ${ms(processor)}`)
  if (first !== null) parts.push(`first ${ms(first)}`)
  return `${label}: ${parts.join(', ')}, objective ${objective}`
}
