import type { Outcome } from "@hooklane/core"
import type { CrashHistory } from "./crash-history.ts"
import type { DeathReport } from "./death.ts"
import { createEvictions, type Evictions } from "./evictions.ts"
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
  all(): Iterable<{ versionId: string; process: ExecutorProcess; running: number; goingOn: number }>
  /** Admits nobody any more, and refuses those who wait. */
  close(reason: string): void
}

/** A run at the door. */
export interface Visitor extends Patience, ExecutorKind {
  versionId: string
  /** It is to be in a process by itself: it may be what killed the last one. */
  isAlone: boolean
  hook(): HookCode
}

export interface Admission {
  process: ExecutorProcess
  /** To be called, once, when the run has answered and goes on: another one may come in. */
  goOn(): void
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
  evictions: Evictions
  /** A process could not be started. */
  shortage: { reason: string; until: number } | undefined
  /** Processes in a row that did not start. */
  failedBoots: number
  closedBecause: string | undefined
}

interface Place extends Pick<Visitor, "versionId" | "heapMb" | "isAlone" | "hook"> {
  seat: Seat | undefined
  waiting: Waiter<Admission>[]
}

interface Seat {
  process: ExecutorProcess
  isReady: boolean
  /** Somebody starves: it lets nobody in any more, and goes when those inside have left. */
  isLeaving: boolean
  /** Runs that have not answered. */
  running: number
  /** Runs that were let in. */
  served: number
  /** Runs that have answered. */
  goingOn: number
  idleTimer: NodeJS.Timeout | undefined
}

const IDLE_LIMIT_MS = 300_000
/** A version waits so long for room before another one that is never idle has to make some. */
const STARVING_MS = 500
/** For so long after several processes in a row could not be started, none is started. */
const SHORTAGE_PAUSE_MS = 1_000
const FAILED_BOOTS_ALLOWED = 2
/** Evicted versions that are remembered: a chain may be that many times as long as there are processes. */
const REMEMBERED_PER_PROCESS = 4

export function createPlaces(options: PlacesOptions): Places {
  const house: House = {
    ...options,
    places: new Map(),
    evictions: createEvictions(REMEMBERED_PER_PROCESS * options.maxProcesses),
    shortage: undefined,
    failedBoots: 0,
    closedBecause: undefined,
  }
  return {
    admit: (visitor) => admit(house, visitor),
    *all() {
      for (const { versionId, seat } of house.places.values()) {
        if (!seat) continue
        const { process, running, goingOn } = seat
        yield { versionId, process, running, goingOn }
      }
    },
    close(reason) {
      house.closedBecause = reason
      for (const place of house.places.values()) refuseAll(place, { status: "no_executor", reason })
    },
  }
}

function admit(house: House, visitor: Visitor): Promise<Waited<Admission>> {
  const refusal = visitor.signal.aborted ? cancelled : refusalFor(house, visitor.versionId)
  if (refusal) return Promise.resolve({ refusal })
  const place = placeFor(house, visitor)
  const { seat, waiting } = place
  // Nobody passes those who wait.
  if (seat && hasRoom(place, seat) && waiting.length === 0) {
    return Promise.resolve({ admission: enter(house, place, seat) })
  }
  const waited = waitInLine(waiting, visitor)
  if (!seat) populate(house, place)
  return waited
}

const cancelled: Outcome = { status: "cancelled" }

function refusalFor(house: House, versionId: string): Outcome | undefined {
  const { closedBecause, problem, shortage, crashes } = house
  const isShort = shortage && performance.now() < shortage.until
  const trouble = closedBecause ?? problem() ?? (isShort ? shortage.reason : undefined)
  if (trouble !== undefined) return { status: "no_executor", reason: trouble }
  const reason = crashes.refusal(versionId)
  return reason === undefined ? undefined : { status: "paused", reason }
}

function placeFor({ places }: House, { versionId, heapMb, isAlone, hook }: Visitor): Place {
  const key = keyOf({ versionId, heapMb, isAlone })
  const place = places.get(key) ?? { versionId, heapMb, isAlone, hook, seat: undefined, waiting: [] }
  // To the end of the map: the most recently used.
  places.delete(key)
  places.set(key, place)
  return place
}

function keyOf({ versionId, heapMb, isAlone }: Pick<Place, "versionId" | "heapMb" | "isAlone">): string {
  return `${versionId}/${heapMb}${isAlone ? "/alone" : ""}`
}

function hasRoom({ isAlone }: Place, { process, isReady, isLeaving, running, goingOn }: Seat): boolean {
  const inTheWay = isAlone ? goingOn : Math.max(0, goingOn - process.roomAfterAnswers)
  return isReady && !isLeaving && running + inTheWay < (isAlone ? 1 : process.capacity())
}

function isEmpty({ running, goingOn }: Seat): boolean {
  return running + goingOn === 0
}

function enter(house: House, place: Place, seat: Seat): Admission {
  clearTimeout(seat.idleTimer)
  seat.running += 1
  seat.served += 1
  let part: "running" | "goingOn" = "running"
  return {
    process: seat.process,
    goOn() {
      seat.running -= 1
      seat.goingOn += 1
      part = "goingOn"
      if (place.seat === seat) serve(house, place, seat)
    },
    leave() {
      seat[part] -= 1
      leave(house, place, seat)
    },
  }
}

function leave(house: House, place: Place, seat: Seat): void {
  if (place.seat !== seat) return
  serve(house, place, seat)
  if (!isEmpty(seat)) return
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
  while (hasRoom(place, seat)) {
    const next = place.waiting.shift()
    if (!next) return
    next.admit(enter(house, place, seat))
  }
}

/** An idle process makes room for a version that waits for one, or ends after a while. */
function rest(house: House, place: Place, seat: Seat): void {
  if (place.isAlone) evict(house, place)
  else seat.idleTimer = setTimeout(evict, IDLE_LIMIT_MS, house, place).unref()
  populateStarving(house)
}

/** Gives a place its process, if there is room or an idle process that can go. */
function populate(house: House, place: Place): void {
  if (!makeRoom(house, place)) {
    setTimeout(relieve, STARVING_MS, house, place).unref()
    return
  }
  const process = house.takeProcess(place)
  const seat: Seat = {
    process,
    isReady: false,
    isLeaving: false,
    running: 0,
    served: 0,
    goingOn: 0,
    idleTimer: undefined,
  }
  place.seat = seat
  process.ready.then(
    () => open(house, place, seat),
    () => {}, // It died, and `gone` says so.
  )
  void process.gone.then((death) => vacate(house, place, seat, death))
  void process.retired.then(() => replace(house, place, seat))
}

function makeRoom(house: House, newcomer: Place): boolean {
  const seated = [...house.places.values()].filter(({ seat }) => seat)
  if (seated.length < house.maxProcesses) return true
  const idle = seated.flatMap((place) =>
    place.seat?.isReady && isEmpty(place.seat) && place.waiting.length === 0
      ? [{ place, served: place.seat.served }]
      : [],
  )
  const chosen = house.evictions.choose(keyOf(newcomer), idle)
  if (!chosen) return false
  house.evictions.note(keyOf(chosen.place))
  evict(house, chosen.place)
  return true
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
  house.failedBoots = 0
  serve(house, place, seat)
  // Those it was started for may have given up meanwhile.
  if (isEmpty(seat)) rest(house, place, seat)
}

function vacate(house: House, place: Place, seat: Seat, { reason, blame }: DeathReport): void {
  clearTimeout(seat.idleTimer)
  if (place.seat !== seat) return
  place.seat = undefined
  if (house.closedBecause !== undefined) return
  if (!seat.isReady) noteFailedBoot(house, reason)
  else if (blame !== "nobody") house.crashes.record(place.versionId)
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

/** Whatever the reason, it cannot be the version that it was meant for. */
function noteFailedBoot(house: House, reason: string): void {
  house.failedBoots += 1
  if (house.failedBoots > FAILED_BOOTS_ALLOWED)
    house.shortage = { reason, until: performance.now() + SHORTAGE_PAUSE_MS }
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
