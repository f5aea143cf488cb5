import tls from "node:tls"

/** Hooks do not get the second one, so nobody takes back what is set here. */
const { getCACertificates, setDefaultCACertificates } = tls

/** Makes this thread believe these authorities (PEM) besides Node's own, wherever a connection names none itself. */
export function trust(authorities: readonly string[]): void {
  setDefaultCACertificates([...getCACertificates("default"), ...authorities])
}
