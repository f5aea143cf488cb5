/** How far a suite goes, and how it tells what it is doing. */
export interface SuiteOptions {
  isQuick: boolean
  /** The peer's Redis listens on a unix socket, as ours does, instead of on a port. */
  peerOnSocket: boolean
  /** Folder for CPU profiles of gateway and workers. */
  profileDir?: string | undefined
  /** Says in a few words what is going on. */
  note(text: string): void
}

export interface SuiteResult {
  findings: Finding[]
  tables?: Table[]
}

/** One measure of us beside the same measure of something else in the same run. */
export interface Finding {
  measure: string
  /** What `theirs` is. */
  beside: string
  unit: string
  ours: number
  theirs: number
  /** What is better for ours / theirs. */
  better: "higher" | "lower"
  /** What the design wants of the ratio, at least and at best. */
  reach: number
  aim: number
}

/** Figures that have no counterpart. */
export interface Table {
  title: string
  columns: string[]
  rows: string[][]
}

export type Suite = (options: SuiteOptions) => Promise<SuiteResult>

export function ratioOf({ ours, theirs }: Finding): number {
  return theirs === 0 ? Number.POSITIVE_INFINITY : ours / theirs
}

export function verdictOf(finding: Finding): "aim" | "reached" | "missed" {
  const ratio = ratioOf(finding)
  const passes = (bound: number) => (finding.better === "higher" ? ratio >= bound : ratio <= bound)
  if (passes(finding.aim)) return "aim"
  return passes(finding.reach) ? "reached" : "missed"
}
