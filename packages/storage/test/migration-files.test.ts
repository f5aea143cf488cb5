import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { expect, test } from "vitest"

/** A migration that has landed is never changed: databases have seen it. A new one gets a line here. */
const LANDED = {
  "postgres/0000_first_tables.sql": "e94a8eab3a6526ba626a78a13aaa0f3d6506fbce2013adc9f32975e27d065f49",
  "postgres/0001_after_answer.sql": "b8f9fa69abefc26cc2447706b3bebe2d764626b934d9d2f903b004c22fb98700",
  "sqlite/0000_first_tables.sql": "5c049521e723f99cfec94801fcc09245af7c093502c24083dc84ef458be2c1c0",
  "sqlite/0001_after_answer.sql": "5d360ebbf1c840b18d09b4540b2f75f3418e2ac0cf7da3c0dbfb632e64bac91e",
}

test("migrations are only ever added", () => {
  const folder = new URL("../drizzle/", import.meta.url)
  const files = ["postgres", "sqlite"].flatMap((dialect) =>
    readdirSync(new URL(`${dialect}/`, folder))
      .filter((name) => name.endsWith(".sql"))
      .map((name) => `${dialect}/${name}`),
  )
  const sums = files.map((file) => [file, sha256(readFileSync(new URL(file, folder)))])
  expect(Object.fromEntries(sums)).toEqual(LANDED)
})

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex")
}
