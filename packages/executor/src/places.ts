import type { Outcome } from "@hooklane/core"
import type { CrashHistory } from "./crash-history.ts"
import type { DeathReport } from "./death.ts"
import type { ExecutorProcess } from "./executor-process.ts"
import type { ExecutorKind, HookCode } from "./protocol.ts"
import { type Patience, type Waited, type Waiter, waitInLine } from "./waiting.ts"

/**
 * Which hook versions have a process. A place is one version's: its process, how many runs are inside, and the
 * runs that wait for a free thread or for a process. A process never changes hands: it serves one version, and
 * is killed when another version needs the room.
 */
export interface Places {
  /** Resolves with a process to run in, or with how the run ends without one. */
  admit(visitor: Visitor): Promise<Waited<Admission>>
  all(): Iterable<{ versionId: string; process: ExecutorProcess; running: number }>
  /** Admits nobody any more, and refuses those who wait. */
  close(reason: string): void
}

/** A run at the door. */
export interface Visitor extends Patience, ExecutorKind {
  versionId: string
  hook(): HookCode
}

export interface Admission {
  process: ExecutorProcess
  /** Must be called when the run has ended. */
  leave(): void
}

export interface PlacesOptions {
  maxProcesses: number
  crashes: CrashHistory
  /** Why no process can be had just now, whatever the version. */
  problem(): string | undefined
  takeProcess(kind: ExecutorKind): ExecutorProcess
  onDeath(death: { versionId: string; pid: number; reason: string }): void
}

interface House extends PlacesOptions {
  /** By version and heap; the least recently used first. */
  places: Map<string, Place>
  closedBecause: string | undefined
}

interface Place extends Pick<Visitor, "versionId" | "heapMb" | "hook"> {
  seat: Seat | undefined
  waiting: Waiter<Admission>[]
}

interface Seat {
  process: ExecutorProcess
  isReady: boolean
  /** Somebody starves: it lets nobody in any more, and goes when those inside have left. */
  isLeaving: boolean
  running: number
  idleTimer: NodeJS.Timeout | undefined
}

const IDLE_LIMIT_MS = 300_000
/** A version waits so long for room before another one that is never idle has to make some. */
const STARVING_MS = 500

export function createPlaces(options: PlacesOptions): Places {
  const house: House = { ...options, places: new Map(), closedBecause: undefined }
  return {
    admit: (visitor) => admit(house, visitor),
    *all() {
      for (const { versionId, seat } of house.places.values()) {
        if (seat) yield { versionId, process: seat.process, running: seat.running }
      }
    },
    close(reason) {
      house.closedBecause = reason
      for (const place of house.places.values()) refuseAll(place, { status: "crashed", reason })
    },
  }
}

function admit(house: House, visitor: Visitor): Promise<Waited<Admission>> {
  const refusal = visitor.signal.aborted ? cancelled : refusalFor(house, visitor.versionId)
  if (refusal) return Promise.resolve({ refusal })
  const place = placeFor(house, visitor)
  const { seat, waiting } = place
  // Nobody passes those who wait.
  if (seat && hasRoom(seat) && waiting.length === 0) {
    return Promise.resolve({ admission: enter(house, place, seat) })
  }
  const waited = waitInLine(waiting, visitor)
  if (!seat) populate(house, place)
  return waited
}

const cancelled: Outcome = { status: "cancelled" }

function refusalFor({ closedBecause, problem, crashes }: House, versionId: string): Outcome | undefined {
  const reason = closedBecause ?? problem() ?? crashes.refusal(versionId)
  return reason === undefined ? undefined : { status: "crashed", reason }
}

function placeFor({ places }: House, { versionId, heapMb, hook }: Visitor): Place {
  const key = keyOf({ versionId, heapMb })
  const place = places.get(key) ?? { versionId, heapMb, hook, seat: undefined, waiting: [] }
  // To the end of the map: the most recently used.
  places.delete(key)
  places.set(key, place)
  return place
}

function keyOf({ versionId, heapMb }: Pick<Place, "versionId" | "heapMb">): string {
  return `${versionId}/${heapMb}`
}

function hasRoom({ process, isReady, isLeaving, running }: Seat): boolean {
  return isReady && !isLeaving && running < process.capacity()
}

function enter(house: House, place: Place, seat: Seat): Admission {
  clearTimeout(seat.idleTimer)
  seat.running += 1
  return { process: seat.process, leave: () => leave(house, place, seat) }
}

function leave(house: House, place: Place, seat: Seat): void {
  seat.running -= 1
  if (place.seat !== seat) return
  serve(house, place, seat)
  if (seat.running > 0) return
  if (seat.isLeaving) makeWay(house, place)
  else rest(house, place, seat)
}

/** Those who wait for this version line up behind those who starve. */
function makeWay(house: House, place: Place): void {
  evict(house, place)
  populateStarving(house)
  if (place.waiting.length > 0) {
    house.places.set(keyOf(place), place)
    populate(house, place)
  }
}

function serve(house: House, place: Place, seat: Seat): void {
  while (hasRoom(seat)) {
    const next = place.waiting.shift()
    if (!next) return
    next.admit(enter(house, place, seat))
  }
}

/** An idle process makes room for a version that waits for one, or ends after a while. */
function rest(house: House, place: Place, seat: Seat): void {
  seat.idleTimer = setTimeout(evict, IDLE_LIMIT_MS, house, place).unref()
  populateStarving(house)
}

/** Gives a place its process, if there is room or an idle process that can go. */
function populate(house: House, place: Place): void {
  if (!makeRoom(house)) {
    setTimeout(relieve, STARVING_MS, house, place).unref()
    return
  }
  const process = house.takeProcess(place)
  const seat: Seat = { process, isReady: false, isLeaving: false, running: 0, idleTimer: undefined }
  place.seat = seat
  process.ready.then(
    () => open(house, place, seat),
    () => {}, // It died, and `gone` says so.
  )
  void process.gone.then((death) => vacate(house, place, seat, death))
  void process.retired.then(() => replace(house, place, seat))
}

function makeRoom(house: House): boolean {
  const seated = [...house.places.values()].filter(({ seat }) => seat)
  if (seated.length < house.maxProcesses) return true
  const idle = seated.find(({ seat, waiting }) => seat?.isReady && seat.running === 0 && waiting.length === 0)
  if (idle) evict(house, idle)
  return idle !== undefined
}

/** Asks the version that was used longest without a pause to leave, if this one still waits. */
function relieve(house: House, place: Place): void {
  if (place.seat || place.waiting.length === 0 || house.closedBecause !== undefined) return
  const seats = [...house.places.values()].flatMap(({ seat }) => seat ?? [])
  // One that leaves already may be for this one.
  const leaving = seats.filter(({ isLeaving }) => isLeaving).length
  const starving = [...house.places.values()].filter((one) => !one.seat && one.waiting.length > 0).length
  const next = seats.find(({ isReady, isLeaving }) => isReady && !isLeaving)
  if (next && leaving < starving) next.isLeaving = true
  setTimeout(relieve, STARVING_MS, house, place).unref()
}

function open(house: House, place: Place, seat: Seat): void {
  seat.process.bind(place.hook())
  seat.isReady = true
  serve(house, place, seat)
  // Those it was started for may have given up meanwhile.
  if (seat.running === 0) rest(house, place, seat)
}

function vacate(house: House, place: Place, seat: Seat, { reason, isBlameless }: DeathReport): void {
  clearTimeout(seat.idleTimer)
  if (place.seat !== seat) return
  place.seat = undefined
  if (house.closedBecause !== undefined) return
  if (!isBlameless) house.crashes.record(place.versionId)
  house.onDeath({ versionId: place.versionId, pid: seat.process.pid, reason })
  const refusal = refusalFor(house, place.versionId)
  if (refusal) refuseAll(place, refusal)
  if (place.waiting.length === 0) house.places.delete(keyOf(place))
  populateStarving(house)
}

/** Those inside stay with their process; whoever comes gets another one. */
function replace(house: House, place: Place, seat: Seat): void {
  clearTimeout(seat.idleTimer)
  if (place.seat !== seat) return
  place.seat = undefined
  if (place.waiting.length === 0) house.places.delete(keyOf(place))
  populateStarving(house)
}

function evict(house: House, place: Place): void {
  const { seat } = place
  place.seat = undefined
  house.places.delete(keyOf(place))
  clearTimeout(seat?.idleTimer)
  seat?.process.kill("its place was needed")
}

function populateStarving(house: House): void {
  for (const place of house.places.values()) {
    if (!place.seat && place.waiting.length > 0) populate(house, place)
  }
}

function refuseAll({ waiting }: Place, refusal: Outcome): void {
  for (const waiter of waiting.splice(0)) waiter.refuse(refusal)
}
