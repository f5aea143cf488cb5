import type { CallTable } from "./system-calls.ts"

/** One instruction of classic BPF: code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number]

const LOAD_WORD = 0x20
const JUMP_IF_EQUAL = 0x15
const JUMP_IF_AT_LEAST = 0x35
const JUMP_IF_ANY_BIT = 0x45
const RETURN = 0x06

/** Offsets in `struct seccomp_data`; the arguments' lower halves come first on both processors. */
const CALL_NUMBER = 0
const ARCHITECTURE = 4
const FIRST_ARGUMENT = 16
const SECOND_ARGUMENT = 24

const ALLOW = 0x7fff_0000
const KILL_PROCESS = 0x8000_0000
const failWith = (errno: number) => 0x0005_0000 | errno
const EPERM = 1
const ENOSYS = 38

/** What types into a terminal: TIOCSTI and TIOCLINUX. */
const TYPING = [0x5412, 0x541c]

/** Without it, `clone` makes a process and not a thread. */
const CLONE_THREAD = 0x0001_0000
/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const CLONE_NEW_ANY = 0x7e02_0080

/**
 * A filter for `bwrap --seccomp`: a list of what is denied, so that a new Node or C library does not fail for a call
 * that nobody knew. Denied calls fail with EPERM, and so does an `ioctl` that types into a terminal. `clone3` hides its
 * flags in memory and fails with ENOSYS, upon which C libraries use `clone`; that may make threads, and neither processes
 * nor namespaces. Another processor's calls end the process.
 */
export function seccompFilter({
  architecture,
  foreignFrom,
  clone,
  clone3,
  ioctl,
  denied,
}: CallTable): Buffer {
  const typing = TYPING.flatMap((request) => when(JUMP_IF_EQUAL, request, failWith(EPERM)))
  return assemble([
    [LOAD_WORD, 0, 0, ARCHITECTURE],
    [JUMP_IF_EQUAL, 1, 0, architecture],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD_WORD, 0, 0, CALL_NUMBER],
    ...(foreignFrom === undefined ? [] : when(JUMP_IF_AT_LEAST, foreignFrom, failWith(ENOSYS))),
    ...when(JUMP_IF_EQUAL, clone3, failWith(ENOSYS)),
    ...denied.flatMap((call) => when(JUMP_IF_EQUAL, call, failWith(EPERM))),
    [JUMP_IF_EQUAL, 0, typing.length + 2, ioctl],
    [LOAD_WORD, 0, 0, SECOND_ARGUMENT],
    ...typing,
    [RETURN, 0, 0, ALLOW],
    [JUMP_IF_EQUAL, 1, 0, clone],
    [RETURN, 0, 0, ALLOW],
    [LOAD_WORD, 0, 0, FIRST_ARGUMENT],
    [JUMP_IF_ANY_BIT, 1, 0, CLONE_THREAD],
    [RETURN, 0, 0, failWith(EPERM)],
    ...when(JUMP_IF_ANY_BIT, CLONE_NEW_ANY, failWith(EPERM)),
    [RETURN, 0, 0, ALLOW],
  ])
}

function when(test: number, operand: number, answer: number): Instruction[] {
  return [
    [test, 0, 1, operand],
    [RETURN, 0, 0, answer],
  ]
}

function assemble(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(8 * program.length)
  for (const [index, [code, ifTrue, ifFalse, operand]] of program.entries()) {
    bytes.writeUInt16LE(code, 8 * index)
    bytes.writeUInt8(ifTrue, 8 * index + 2)
    bytes.writeUInt8(ifFalse, 8 * index + 3)
    bytes.writeUInt32LE(operand >>> 0, 8 * index + 4)
  }
  return bytes
}
