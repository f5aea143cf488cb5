import { z } from "zod"

/**
 * An id of ours, as a path or a query may name it: a hook's, a version's or a client's. Text that cannot be one never
 * reaches a database, which may refuse what is in it (PostgreSQL a zero byte).
 */
export const idSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be an id")

/** A ULID: its first digit is 0 to 7, and four letters are not among its 32 digits. */
export const executionIdSchema = z
  .string()
  .regex(/^exe_[0-7][0-9A-HJKMNP-TV-Z]{25}$/, "must be an execution's id")

/** As far as both databases can count. */
export const MAX_VERSION_NUMBER = 2_147_483_647
