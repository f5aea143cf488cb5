import type { Socket } from "node:net"
import { type ExecutorHost, openExecutorHost } from "./executor-host.ts"
import { superviseExecutor } from "./executor-process.ts"
import { launchExecutor } from "./launch.ts"
import type { LaunchedExecutor } from "./launched-executor.ts"
import type { Launcher, LauncherOptions } from "./launcher.ts"
import type { ExecutorSettings } from "./protocol.ts"
import { type AddressSpace, proveExecutor } from "./self-test.ts"

/** Starts an executor; with a socket, its frames go there and not through this process. */
export type Launch = (settings: ExecutorSettings, socket?: Socket) => LaunchedExecutor

/** Executors as children of this process. */
export async function openLocalLauncher({
  maxExecutors,
  log,
  settings,
  walls,
}: Omit<LauncherOptions, "executorUrl">): Promise<Launcher> {
  const host = await openExecutorHost(log, walls)
  try {
    const launch = await proveLaunch(host, settings)
    return {
      maxExecutors: maxExecutors ?? host.maxExecutors,
      wall: { wall: host.enclosure.wall, by: host.enclosure.by },
      launch,
      problem: () => undefined,
      close: host.close,
    }
  } catch (error) {
    await host.close()
    throw error
  }
}

/**
 * Starts one executor that shows what it can do, and gives the way to start more of the kind, within the address
 * space that was measured at it.
 * @throws AppError internal_error when an executor, or the egress broker, cannot be started here, or would not contain
 * a hook
 */
export async function proveLaunch(host: ExecutorHost, settings: ExecutorSettings): Promise<Launch> {
  const first = launchExecutor(host, settings)
  const [measured] = await Promise.all([proveExecutor(superviseExecutor(first, settings)), host.egress.ready])
  return (own, socket) => {
    const addressSpaceMb = addressSpaceFor(measured, own)
    return launchExecutor({ ...host, addressSpaceMb, socket }, own)
  }
}

/** What code, stacks and the allocator reserve beyond what was measured. */
const SLACK_MB = 512

/**
 * A second line behind the memory watch, which looks 20 times a second: what all threads take, three times,
 * since as many runs may go on after their answers and a thread may be ending while another takes its place, and what
 * the process may use. Nothing is bounded where the address
 * space cannot be read.
 */
function addressSpaceFor(
  { processMb, threadMb }: AddressSpace,
  { threads, heapMb }: Pick<ExecutorSettings, "threads" | "heapMb">,
): number | undefined {
  if (processMb === 0) return undefined
  return processMb + 3 * threads * (threadMb + heapMb) + SLACK_MB
}
