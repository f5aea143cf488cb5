/**
 * For every answer, since a browser may be made to render any of them: nothing is guessed, framed, loaded or told to
 * another site. A page of ours that needs more says so with a policy of its own.
 */
export const BROWSER_HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const
