import { getTableName } from "drizzle-orm"
import { expect, expectTypeOf, test } from "vitest"
import * as postgres from "../src/schema.postgres.ts"
import * as sqlite from "../src/schema.sqlite.ts"

type Rows<Schema> = {
  [Table in keyof Schema as Schema[Table] extends { $inferSelect: unknown } ? Table : never]: Pick<
    Extract<Schema[Table], { $inferSelect: unknown; $inferInsert: unknown }>,
    "$inferSelect" | "$inferInsert"
  >
}

test("both schemas have the same tables, with the same rows to read and to write", () => {
  // Checked by the compiler: a difference is an error of `npm run typecheck`.
  expectTypeOf<Rows<typeof postgres>>().toEqualTypeOf<Rows<typeof sqlite>>()
  expect(Object.values(postgres).map(getTableName)).toEqual(Object.values(sqlite).map(getTableName))
})
