let tasks: (() => void)[] = []

/**
 * Calls `task` once, when this turn of the event loop is at its end, after those that were given before. What a
 * task gives in its turn is called in the same pass, so that a batch and the packet that it fills leave together.
 */
export function atTurnEnd(task: () => void): void {
  if (tasks.push(task) === 1) setImmediate(runAll)
}

function runAll(): void {
  // The array grows while it is gone through.
  for (let index = 0; index < tasks.length; index += 1) tasks[index]?.()
  tasks = []
}
