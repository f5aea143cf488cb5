import { once } from "node:events"
import { createServer } from "node:net"
import { noAbort, start, taskOf } from "../harness.ts"

/**
 * Runs a hook that connects to what listens on an address of this machine, by the address and by its spellings, and
 * prints the run's report and how many came. Started in a network namespace that has the address.
 */
const [address = ""] = process.argv.slice(2)
let visits = 0
const server = createServer((socket) => {
  visits += 1
  socket.destroy()
})
await once(server.listen(0, address), "listening")
const at = server.address()
const port = typeof at === "object" && at ? at.port : 0
const executors = await start({ threads: 1 })
const script = `module.exports = async () => {
  const { connect } = require("net")
  const ways = [${JSON.stringify(address)}, ${JSON.stringify(`::ffff:${address}`)}, ${JSON.stringify(`::ffff:0:${address}`)}]
  return Promise.all(ways.map((host) => new Promise((done) => {
    connect({ host, port: ${port} }).on("connect", () => done("connected")).on("error", ({ code }) => done(code))
  })))
}`
const report = await executors.run(taskOf(script), noAbort)
await executors.close()
server.close()
process.stdout.write(JSON.stringify({ report, visits }))
