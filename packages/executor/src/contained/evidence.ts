import type { Worker } from "node:worker_threads"
import type { Kill } from "@hooklane/core"
import { cutText, MAX_FRAME_CHARS, MAX_STACK_FRAMES } from "./cut-text.ts"

/** What can be learnt of a thread that has to be stopped. */
export type Evidence = Pick<Kill, "stack" | "heap">

/** It delays the end of the thread, so there is little time: a thread in native code never answers. */
const PATIENCE_MS = 250
const SAMPLING_MS = 10
const MB = 1024 * 1024

/**
 * Where a thread is, and its heap. An endless loop answers, too: both questions are put by interrupting it. The
 * stack comes out of a CPU profile of a few milliseconds, since there is no inspector here.
 */
export async function examine(thread: Worker): Promise<Evidence> {
  const [stack, heap] = await Promise.all([
    withinPatience(sampleStack(thread)),
    withinPatience(measureHeap(thread)),
  ])
  return { ...(stack && { stack }), ...(heap && { heap }) }
}

async function sampleStack(thread: Worker): Promise<string | undefined> {
  const profile = await thread.startCpuProfile()
  await new Promise((resolve) => setTimeout(resolve, SAMPLING_MS))
  return lastUserStack(asProfile(JSON.parse(String(await profile.stop()))))
}

async function measureHeap(thread: Worker): Promise<Kill["heap"]> {
  const { used_heap_size, heap_size_limit, external_memory } = await thread.getHeapStatistics()
  return {
    usedMb: inMb(used_heap_size),
    limitMb: inMb(heap_size_limit),
    externalMb: inMb(external_memory),
  }
}

function inMb(bytes: number): number {
  return Math.round((bytes / MB) * 10) / 10
}

/** Undefined when the answer does not come, or is that the thread is ending. */
function withinPatience<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), PATIENCE_MS)
    answer.then(resolve, () => resolve(undefined)).finally(() => clearTimeout(timer))
  })
}

interface ProfileNode {
  id: number
  children?: number[]
  /** The lines that were being executed when samples were taken. */
  positionTicks?: { line: number; ticks: number }[]
  callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number }
}

interface Profile {
  nodes: ProfileNode[]
  samples: number[]
}

/** Documented: the profile is in the format of `.cpuprofile` files. */
function asProfile(value: unknown): Profile {
  return value as Profile
}

function lastUserStack({ nodes, samples }: Profile): string | undefined {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node])))
  for (const sample of samples.toReversed()) {
    const frames: string[] = []
    for (let node = byId.get(sample); node; node = parents.get(node.id)) {
      if (isUsers(node)) frames.push(describe(node))
    }
    if (frames.length > 0) return frames.slice(0, MAX_STACK_FRAMES).join("\n")
    if (isCalling(byId.get(sample))) return IN_ITS_OWN_FUNCTION
  }
  return undefined
}

/**
 * The engine's profiler does not know code that was optimized while its loop ran, and counts it as its caller's. What
 * the prelude's `call` calls is the function that the hook exports.
 */
function isCalling(node: ProfileNode | undefined): boolean {
  return node?.callFrame.functionName === "call" && node.callFrame.url.endsWith("/prelude.js")
}

const IN_ITS_OWN_FUNCTION = "    at the hook's own function (/hook.js)"

function isUsers({ callFrame: { url } }: ProfileNode): boolean {
  return url !== "" && !/^(node:|file:)/.test(url) && !/[\\/]piscina[\\/]/.test(url)
}

/** A profile knows the line in a function only for the one on top; for its callers, where they begin. */
function describe({ callFrame, positionTicks = [] }: ProfileNode): string {
  const { functionName, url, lineNumber } = callFrame
  const hottest = positionTicks.toSorted((a, b) => b.ticks - a.ticks)[0]
  const line = hottest?.line ?? lineNumber + 1
  return cutText(`    at ${functionName || "(anonymous)"} (${url}:${line})`, MAX_FRAME_CHARS)
}
