import type { Contestant } from "./contestant.ts"
import { startPeer } from "./peer.ts"
import { startService } from "./service.ts"
import { median } from "./statistics.ts"
import type { SuiteOptions } from "./suite.ts"

/** Runs `measure` with the service and the peer up, and stops both however it ends. */
export async function withBoth<Result>(
  { profileDir, peerOnSocket, note }: SuiteOptions,
  measure: (ours: Contestant, peer: Contestant) => Promise<Result>,
): Promise<Result> {
  note("starting the service and the peer")
  const ours = await startService({ profileDir })
  try {
    const peer = await startPeer({ onSocket: peerOnSocket })
    try {
      return await measure(ours, peer)
    } finally {
      await peer.close()
    }
  } finally {
    await ours.close()
  }
}

/** Takes a sample of each side in turn, `rounds` times; who goes first changes with the round. */
export async function inTurn<Side, Sample>(
  sides: readonly [Side, Side],
  rounds: number,
  take: (side: Side, round: number) => Promise<Sample>,
): Promise<[Sample[], Sample[]]> {
  const samples: [Sample[], Sample[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)
    for (const side of order) samples[side].push(await take(sides[side], round))
  }
  return samples
}

/** The medians of one figure on both sides, as a finding has them. */
export function medians<Sample>(
  [ours, theirs]: readonly [Sample[], Sample[]],
  figure: (sample: Sample) => number,
): { ours: number; theirs: number } {
  return { ours: median(ours.map(figure)), theirs: median(theirs.map(figure)) }
}
