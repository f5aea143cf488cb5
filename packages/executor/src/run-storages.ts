import type { StorageOrderFrame, ToExecutor } from "./protocol.ts"
import { openRunStorage, type RunStorage } from "./run-storage.ts"
import type { RunTask } from "./run-task.ts"

/** The storages of the runs inside one executor process. */
export interface RunStorages {
  begin(id: string, task: Pick<RunTask, "storage" | "snapshot">): void
  /** Answers what a run asks for. A run that is over, or never was, gets no answer. */
  take(frame: StorageOrderFrame): void
  end(id: string): void
}

export function createRunStorages(send: (message: ToExecutor) => void): RunStorages {
  const open = new Map<string, RunStorage>()

  async function answer({ id, call, order }: StorageOrderFrame): Promise<void> {
    const given = await open.get(id)?.take(order)
    if (given && open.has(id)) send({ type: "storage_answer", id, call, answer: given })
  }

  return {
    begin: (id, { storage, snapshot }) => open.set(id, openRunStorage(storage, snapshot.hookId)),
    take: (frame) => void answer(frame),
    end: (id) => open.delete(id),
  }
}
