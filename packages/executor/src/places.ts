import type { Outcome } from "@hooklane/core"
import type { CrashHistory } from "./crash-history.ts"
import type { ExecutorProcess } from "./executor-process.ts"
import type { HookCode } from "./protocol.ts"
import { type Waiter, waitInLine } from "./waiting.ts"

/**
 * Which hook versions have a process. A place is one version's: its process, how many runs are inside, and the
 * runs that wait for a free thread or for a process. A process never changes hands: it serves one version, and
 * is killed when another version needs the room.
 */
export interface Places {
  /** Resolves with a process to run in, or with how the run ends without one. */
  admit(visitor: Visitor): Promise<Admission>
  all(): Iterable<{ versionId: string; pid: number; running: number }>
  /** Admits nobody any more; who waits is cancelled. */
  close(): void
}

export interface Visitor {
  versionId: string
  heapMb: number
  hook(): HookCode
  signal: AbortSignal
  /** How long to wait for a free thread or process. */
  patienceMs: number
}

export type Admission =
  /** `leave` must be called when the run has ended. */
  { status: "admitted"; process: ExecutorProcess; leave(): void } | { status: "refused"; outcome: Outcome }

export interface PlacesOptions {
  /** Runs inside one process. */
  threads: number
  maxProcesses: number
  crashes: CrashHistory
  takeProcess(heapMb: number): ExecutorProcess
  onDeath(death: { versionId: string; pid: number; reason: string }): void
}

interface Place {
  versionId: string
  heapMb: number
  hook(): HookCode
  seat: Seat | undefined
  waiting: Waiter[]
}

interface Seat {
  process: ExecutorProcess
  isReady: boolean
  running: number
  idleTimer: NodeJS.Timeout | undefined
}

const IDLE_LIMIT_MS = 300_000

export function createPlaces({
  threads,
  maxProcesses,
  crashes,
  takeProcess,
  onDeath,
}: PlacesOptions): Places {
  /** The least recently used first. */
  const places = new Map<string, Place>()
  let isClosed = false

  function admit(visitor: Visitor): Promise<Admission> {
    const outcome = refusal(visitor)
    if (outcome) return Promise.resolve({ status: "refused", outcome })
    const place = placeOf(visitor)
    const { seat } = place
    // Who comes first is served first, so nobody passes those who wait.
    if (seat && hasRoom(seat) && place.waiting.length === 0) return Promise.resolve(enter(place, seat))
    const admission = waitInLine(place.waiting, visitor)
    if (!seat) populate(place)
    return admission
  }

  function refusal({ versionId, signal }: Visitor): Outcome | undefined {
    if (isClosed || signal.aborted) return { status: "cancelled" }
    const reason = crashes.refusal(versionId)
    return reason === undefined ? undefined : { status: "crashed", reason }
  }

  function placeOf({ versionId, heapMb, hook }: Visitor): Place {
    const key = `${versionId}/${heapMb}`
    const place = places.get(key) ?? { versionId, heapMb, hook, seat: undefined, waiting: [] }
    places.delete(key)
    places.set(key, place)
    return place
  }

  function hasRoom(seat: Seat): boolean {
    return seat.isReady && seat.running < threads
  }

  function enter(place: Place, seat: Seat): Admission {
    clearTimeout(seat.idleTimer)
    seat.running += 1
    return { status: "admitted", process: seat.process, leave: () => leave(place, seat) }
  }

  function leave(place: Place, seat: Seat): void {
    seat.running -= 1
    if (place.seat !== seat) return
    serve(place, seat)
    if (seat.running > 0) return
    seat.idleTimer = setTimeout(evict, IDLE_LIMIT_MS, place).unref()
    populateStarving()
  }

  function serve(place: Place, seat: Seat): void {
    while (hasRoom(seat)) {
      const next = place.waiting.shift()
      if (!next) return
      next.decide(enter(place, seat))
    }
  }

  /** Gives a place its process, if there is room or an idle process that can go. */
  function populate(place: Place): void {
    if (isClosed || place.seat) return
    const seated = [...places.values()].filter(({ seat }) => seat)
    if (seated.length >= maxProcesses) {
      const idle = seated.find(
        ({ seat, waiting }) => seat?.isReady && seat.running === 0 && waiting.length === 0,
      )
      if (!idle) return
      evict(idle)
    }
    const process = takeProcess(place.heapMb)
    const seat: Seat = { process, isReady: false, running: 0, idleTimer: undefined }
    place.seat = seat
    process.ready.then(
      () => open(place, seat),
      () => {}, // It died: `gone` says so, too.
    )
    void process.gone.then((reason) => vacate(place, seat, reason))
  }

  function open(place: Place, seat: Seat): void {
    seat.process.bind(place.hook())
    seat.isReady = true
    serve(place, seat)
    // Those who waited for it may have given up meanwhile.
    if (seat.running === 0) populateStarving()
  }

  function vacate(place: Place, seat: Seat, reason: string): void {
    clearTimeout(seat.idleTimer)
    if (place.seat !== seat) return
    place.seat = undefined
    if (isClosed) return
    crashes.record(place.versionId)
    onDeath({ versionId: place.versionId, pid: seat.process.pid, reason })
    const refused = crashes.refusal(place.versionId)
    if (refused !== undefined) refuseAll(place, { status: "crashed", reason: refused })
    if (place.waiting.length === 0) forget(place)
    populateStarving()
  }

  function evict(place: Place): void {
    const { seat } = place
    place.seat = undefined
    forget(place)
    clearTimeout(seat?.idleTimer)
    seat?.process.kill("its place was needed")
  }

  function forget({ versionId, heapMb }: Place): void {
    places.delete(`${versionId}/${heapMb}`)
  }

  function populateStarving(): void {
    for (const place of places.values()) {
      if (!place.seat && place.waiting.length > 0) populate(place)
    }
  }

  return {
    admit,
    *all() {
      for (const { versionId, seat } of places.values()) {
        if (seat) yield { versionId, pid: seat.process.pid, running: seat.running }
      }
    },
    close() {
      isClosed = true
      for (const place of places.values()) refuseAll(place, { status: "cancelled" })
    },
  }
}

function refuseAll({ waiting }: Place, outcome: Outcome): void {
  for (const waiter of waiting.splice(0)) waiter.decide({ status: "refused", outcome })
}
