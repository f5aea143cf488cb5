import { customType } from "drizzle-orm/pg-core"

const NUL = "\u0000"
const ESCAPE = "\u0001"

/**
 * Text that PostgreSQL orders as SQLite does, byte by byte, whatever language the database was made for. Its own
 * text cannot hold U+0000, so that is stored as U+0001 "0", and U+0001 as U+0001 "1", which keeps the order.
 */
export const text = customType<{ data: string; driverData: string }>({
  dataType: () => 'text collate "C"',
  toDriver: (value) => value.replaceAll(ESCAPE, `${ESCAPE}1`).replaceAll(NUL, `${ESCAPE}0`),
  fromDriver: (stored) => stored.replaceAll(`${ESCAPE}0`, NUL).replaceAll(`${ESCAPE}1`, ESCAPE),
})

const EARLIEST = new Date("0001-01-01T00:00:00.000Z")
const LATEST = new Date("9999-12-31T23:59:59.999Z")

/**
 * A moment, to the millisecond. Years that ISO 8601 and PostgreSQL write differently come from nowhere but a
 * caller's filter; the nearest moment that both know finds the same rows.
 */
export const moment = customType<{ data: Date; driverData: string }>({
  dataType: () => "timestamp (3) with time zone",
  toDriver: (date) => (date < EARLIEST ? EARLIEST : date > LATEST ? LATEST : date).toISOString(),
  fromDriver: (stored) => new Date(stored),
})
