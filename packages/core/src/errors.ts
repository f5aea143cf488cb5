/** Every failure of ours by its stable code (part of the API) and the HTTP status it is answered with. */
export const ERROR_STATUS = {
  Bearer: 400,
  invalid_body: 400,
  invalid_query_string: 400,
  invalid_uri: 400,
  invalid_setting: 400,
  request_cut_off: 400,
  unsupported_grant_type: 400,
  missing_authentication: 401,
  invalid_token: 401,
  access_denied: 401,
  insufficient_scope: 403,
  service_not_found: 403,
  hooks_not_allowed: 403,
  not_found: 404,
  HookDoesNotExist: 404,
  SecretDoesNotExist: 404,
  trigger_not_found: 404,
  execution_not_found: 404,
  version_not_found: 404,
  client_not_found: 404,
  HookAlreadyExists: 409,
  SecretAlreadyExists: 409,
  conflict: 409,
  not_replayable: 409,
  already_replayed: 409,
  not_cancellable: 409,
  execution_cancelled: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  headers_too_large: 431,
  too_many_requests: 429,
  too_many_attempts: 429,
  lane_full: 429,
  internal_error: 500,
  hook_crashed: 502,
  hook_out_of_memory: 502,
  bundle_failed: 502,
  worker_lost: 502,
  executor_lost: 502,
  no_worker: 503,
  no_executor: 503,
  hook_paused: 503,
  hook_not_ready: 503,
  hooks_missing: 503,
  overloaded: 503,
  circuit_open: 503,
  redis_unavailable: 503,
  database_unavailable: 503,
  starting: 503,
  shutting_down: 503,
  hook_timed_out: 504,
} as const

export type ErrorCode = keyof typeof ERROR_STATUS

export interface AppErrorOptions extends ErrorOptions {
  /** Seconds after which the same call may succeed; sent as `Retry-After`. */
  retryAfterSeconds?: number
  /** The execution the failure belongs to, when there is one. */
  executionId?: string
}

/** A failure of ours, with a code that callers may rely on. User code's failures are values: see `Outcome`. */
export class AppError extends Error {
  override readonly name = "AppError"
  readonly code: ErrorCode
  readonly retryAfterSeconds: number | undefined
  readonly executionId: string | undefined

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
    this.executionId = options.executionId
  }
}
