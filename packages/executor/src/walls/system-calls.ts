/** What tells one processor's system calls from another's. */
export interface CallTable {
  /** AUDIT_ARCH_* of the kernel. */
  architecture: number
  /** Numbers from here on belong to another table of the same processor (x32). */
  foreignFrom?: number
  clone: number
  clone3: number
  ioctl: number
  denied: readonly number[]
}

/**
 * System calls that no executor needs, and that lead out of namespaces or into rarely tested parts of the kernel:
 * x86-64's number, then that of arm64, where `undefined` stands for a call that it does not have.
 */
const DENIED: Record<string, readonly [x64: number, arm64: number | undefined]> = {
  // Other processes; threads are made with clone.
  fork: [57, undefined],
  vfork: [58, undefined],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  kcmp: [312, 272],
  pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  pidfd_send_signal: [424, 424],
  // Mounts and namespaces.
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  unshare: [272, 97],
  setns: [308, 268],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  mknod: [133, undefined],
  mknodat: [259, 33],
  // The kernel's keys, programs and modules.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  // The machine.
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  syslog: [103, 116],
  quotactl: [179, 60],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  adjtimex: [159, 171],
  clock_adjtime: [305, 266],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  personality: [135, 92],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  modify_ldt: [154, undefined],
  uselib: [134, undefined],
  ustat: [136, undefined],
  sysfs: [139, undefined],
  // Memory and messages shared with others, and what Node does not use.
  shmget: [29, 194],
  shmat: [30, 196],
  shmctl: [31, 195],
  semget: [64, 190],
  semop: [65, 193],
  semctl: [66, 191],
  msgget: [68, 186],
  msgsnd: [69, 189],
  msgrcv: [70, 188],
  msgctl: [71, 187],
  mq_open: [240, 180],
  vmsplice: [278, 75],
  fanotify_init: [300, 262],
  memfd_secret: [447, 447],
  execveat: [322, 281],
  landlock_create_ruleset: [444, 444],
}

/** Calls that make a socket of any kind; an executor has those that it was started with. */
const SOCKETS: Record<string, readonly [x64: number, arm64: number]> = {
  socket: [41, 198],
  socketpair: [53, 199],
  bind: [49, 200],
  connect: [42, 203],
  listen: [50, 201],
}

/** Undefined for a processor whose calls are not listed here. */
export function callTableFor(
  processor: string,
  { sockets }: { sockets: "none" | "any" },
): CallTable | undefined {
  const calls = [...Object.values(DENIED), ...(sockets === "none" ? Object.values(SOCKETS) : [])]
  if (processor === "x64") {
    const denied = calls.map(([x64]) => x64)
    return { architecture: 0xc000_003e, foreignFrom: 0x4000_0000, clone: 56, clone3: 435, ioctl: 16, denied }
  }
  if (processor === "arm64") {
    const denied = calls.flatMap(([, arm64]) => arm64 ?? [])
    return { architecture: 0xc000_00b7, clone: 220, clone3: 435, ioctl: 29, denied }
  }
  return undefined
}
