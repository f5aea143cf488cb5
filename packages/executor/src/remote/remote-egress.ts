import type { EgressLink, EgressListener } from "../egress-link.ts"
import type { Control } from "./control.ts"

/** An executor's line to the egress broker of a sandbox service. */
export interface RemoteEgress {
  link: EgressLink
  /** What the service reports of the line. */
  told: EgressListener
}

export function openRemoteEgress(control: Pick<Control, "order">, key: string): RemoteEgress {
  let listener: EgressListener | undefined
  return {
    link: {
      bind: (hookEgress) =>
        control.order({ type: "bind_egress", key, ...(hookEgress !== undefined && { hookEgress }) }),
      endRun: (run) => control.order({ type: "end_run", key, run }),
      listen(one) {
        listener = one
      },
    },
    told: {
      onCalls: (report) => listener?.onCalls(report),
      onFault: (fault) => listener?.onFault(fault),
      onClosed: (end) => listener?.onClosed(end),
    },
  }
}
