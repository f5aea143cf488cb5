import { holdsLocked, installOnce } from "../../scripts/bootstrap/install.mjs"

/** The clients are 280 MB in 600 packages, so they are installed for these tests only. */
export function setup(): Promise<void> {
  return installOnce(import.meta.dirname, {
    title: "Installing Auth0's clients (once)",
    isInstalled: holdsLocked,
  })
}
