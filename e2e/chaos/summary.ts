import type { ChaosReport } from "./run-chaos.ts"

const SHOWN = 30

/** What happened and whether every promise was kept, for people. */
export function summarize(report: ChaosReport): string {
  const { seed, seconds, database, faults, calls, events, entries, ends, broken, syncTimeoutMs } = report
  const again = events.filter(({ tries }) => tries > 1).length
  const poison = events.filter(({ isPoison }) => isPoison).length
  const slowest = Math.max(0, ...calls.map(({ startedAt, endedAt }) => endedAt - startedAt))
  const repeated = entries.length - new Set(entries.map(({ executionId }) => executionId)).size
  const lines = [
    `Chaos on ${database}, seed ${seed}: ${faults.length} faults in ${seconds.toFixed(0)} s`,
    `  faults        ${tally(faults)}`,
    `  synchronous   ${calls.length} calls: ${tally(calls.map(({ answer }) => answer))}`,
    `                slowest answer ${slowest} ms, promised within ${syncTimeoutMs + 1_000} ms`,
    `  asynchronous  ${events.length} events, ${again} of them accepted at a later try, ${poison} poisonous`,
    `                ended as ${list(Object.entries(ends))}`,
    `  ledger        ${entries.length} entries, ${repeated} of them by a later attempt of the same execution`,
    `  verdict       ${broken.length === 0 ? "every promise was kept" : `${broken.length} promises were broken`}`,
    ...broken.slice(0, SHOWN).map((sentence) => `    - ${sentence}`),
    ...(broken.length > SHOWN ? [`    - and ${broken.length - SHOWN} more`] : []),
  ]
  return `${lines.join("\n")}\n`
}

function tally(names: readonly string[]): string {
  const counts = [...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length] as const)
  return list(counts.toSorted((a, b) => b[1] - a[1]))
}

function list(counts: readonly (readonly [string, number])[]): string {
  return counts.map(([name, count]) => `${count} ${name}`).join(", ") || "none"
}
