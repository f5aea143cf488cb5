const { getBuiltinModule, platform, arch, version } = process
const { EOL, constants, devNull } = getBuiltinModule("os")

const MEMORY_BYTES = 64 * 1024 * 1024
const NOBODY = 65_534

/** The `os` of hooks: a small machine that says nothing of the real one. */
export function createHookOs(): object {
  return {
    EOL,
    constants,
    devNull,
    platform: () => platform,
    arch: () => arch,
    type: () => "Linux",
    machine: () => (arch === "arm64" ? "aarch64" : "x86_64"),
    release: () => "0.0.0",
    version: () => `Node ${version}`,
    hostname: () => "localhost",
    homedir: () => "/",
    tmpdir: () => "/tmp",
    cpus: () => [{ model: "", speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }],
    availableParallelism: () => 1,
    loadavg: () => [0, 0, 0],
    totalmem: () => MEMORY_BYTES,
    freemem: () => MEMORY_BYTES / 2,
    uptime: () => 0,
    endianness: () => "LE",
    networkInterfaces: () => ({}),
    userInfo: () => ({ username: "hook", uid: NOBODY, gid: NOBODY, shell: null, homedir: "/" }),
    getPriority: () => 0,
    setPriority() {},
  }
}
