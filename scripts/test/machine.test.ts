import { expect, test } from "vitest"
import { checkMachine, checkPinnedNode } from "../bootstrap/machine.mjs"

test.each(["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"])("%s with Node 20 will do", (name) => {
  const [platform = "", arch = ""] = name.split("-")
  expect(() => checkMachine({ version: "20.0.0", platform, arch })).not.toThrow()
})

test("an older Node is told which one is needed", () => {
  expect(() => checkMachine({ version: "18.20.4", platform: "linux", arch: "x64" })).toThrow(
    "needs Node 20 or newer to start, and this is Node 18.20.4",
  )
})

test("a platform without a pinned Node is named", () => {
  expect(() => checkMachine({ version: "22.0.0", platform: "linux", arch: "riscv64" })).toThrow(
    "linux-riscv64",
  )
})

test("Windows is sent to WSL", () => {
  expect(() => checkMachine({ version: "22.0.0", platform: "win32", arch: "x64" })).toThrow("WSL 2")
})

test("a Node that cannot run here is reported before anything else fails", () => {
  expect(() => checkPinnedNode("/nonexistent/node")).toThrow("does not run on this machine")
})
