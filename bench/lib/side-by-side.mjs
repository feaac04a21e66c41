/**
 * All programs of a workload in turns: in each round every one of them makes the same few iterations. The first of a turn is
 * left out, since the program before has used the caches. What is compared are medians over all rounds.
 */

import { startProgram } from './program.mjs'
import { median } from './statistics.mjs'

/** `{ programs, failures }`; of each program its times, and the objective after `iterations`. */
export async function sideBySide(contestants, { rounds, perRound, log }) {
  const running = []
  const failures = []
  const attempt = async (contestant, act) => {
    try {
      return await act()
    } catch (error) {
      failures.push(error.message)
      log(`  ${error.message}`)
      contestant.failed = true
      return null
    }
  }
  for (const contestant of contestants) {
    const program = await attempt(contestant, () => startProgram(contestant))
    if (program !== null) running.push({ contestant, program, seconds: [], processor: [], first: null, last: null })
  }
  for (let round = 0; round < rounds; round++) {
    for (const entry of running) {
      if (entry.contestant.failed || entry.contestant.slow) continue
      const answer = await attempt(entry.contestant, () => entry.program.step(perRound))
      if (answer === null) continue
      entry.first ??= answer.seconds[0]
      entry.seconds.push(...answer.seconds.slice(1))
      entry.processor.push(...(answer.processor ?? []).slice(1))
      entry.last = answer
    }
  }
  // those whose loop cannot be entered: one fit of as many iterations as the others made, less one of a single iteration
  for (const entry of running) {
    if (entry.contestant.failed || !entry.contestant.slow) continue
    const answer = await attempt(entry.contestant, () => entry.program.step(rounds * perRound))
    if (answer === null) continue
    entry.seconds.push(...answer.seconds)
    entry.processor.push(...answer.processor)
    entry.last = answer
  }
  for (const { program } of running) await program.end()
  const programs = running
    .filter(({ contestant }) => !contestant.failed)
    .map(({ contestant, program, seconds, processor, first, last }) => ({
      ...contestant,
      ready: program.ready,
      versions: program.ready.versions,
      median: median(seconds),
      least: Math.min(...seconds),
      processor: processor.length > 0 ? Math.min(...processor) : null,
      first,
      objective: last.objective,
      peak: last.peak ?? null,
      count: seconds.length,
    }))
  return { programs, failures, iterations: rounds * perRound }
}
