import { join } from "node:path"
import { type FoundBwrap, findBwrap } from "./bwrap/find-bwrap.ts"

/** What this machine has on PATH or can fetch; downloads are kept in the clone and shared by all its commands. */
export function findBwrapHere(note: (text: string) => void = () => {}): Promise<FoundBwrap> {
  const cacheDir = join(import.meta.dirname, "../.cache/bwrap")
  return findBwrap({ path: process.env["PATH"] ?? "", cacheDir, note })
}
