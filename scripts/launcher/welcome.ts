import { relative } from "node:path"

export interface WelcomeFacts {
  url: string
  credentialsFile: string
  logFile: string
  /** What holds native code in the processes of hooks. */
  wall: string | undefined
}

/** What a person needs next. The commands can be pasted into a POSIX shell in the project's folder. */
export function welcome({ url, credentialsFile, logFile, wall = "unknown" }: WelcomeFacts): string {
  const file = relative(process.cwd(), credentialsFile)
  const path = file.startsWith("..") ? credentialsFile : `./${file}`
  return `
Hooklane is ready.

  API          ${url}        (reference: ${url}/docs)
  Credentials  ${credentialsFile}
  Log          ${logFile}
  Hooks        ${wall}

See it work, in another terminal:

  npm run demo

or by hand:

  BODY=$(node -p 'const c = require("${path}"); JSON.stringify({ grant_type: "client_credentials", client_id: c.clientId, client_secret: c.clientSecret, audience: c.url + "/api/v2/" })')
  TOKEN=$(curl -s ${url}/oauth/token -H 'Content-Type: application/json' -d "$BODY" | node -p 'JSON.parse(require("fs").readFileSync(0)).access_token')
  curl -s ${url}/api/v2/hooks -H "Authorization: Bearer $TOKEN"

Ctrl-C stops it: work in hand is finished first. A second Ctrl-C stops it at once.
`
}
