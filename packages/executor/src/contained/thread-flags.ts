import type { ResourceLimits } from "node:worker_threads"

/**
 * The flags of every thread that runs a hook. They are its own, and without workers: a nested one could shed what
 * it inherits from the process.
 */
export function threadFlags(folder: string): string[] {
  return [
    "--permission",
    `--allow-fs-read=${folder}/`,
    "--no-addons",
    "--no-warnings",
    "--experimental-vm-modules",
  ]
}

/** `codeRangeSizeMb`: without it each thread reserves half a gigabyte of address space more. */
export function threadLimits(heapMb: number): ResourceLimits {
  return { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 8, stackSizeMb: 4, codeRangeSizeMb: 16 }
}
