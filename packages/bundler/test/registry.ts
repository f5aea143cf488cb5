import { createHash } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:http"
import { gzipSync } from "node:zlib"

/** A package as this registry has it: files by path, besides `package.json`. */
export interface PublishedPackage {
  name: string
  version: string
  manifest?: Record<string, unknown>
  files?: Record<string, string | Buffer>
}

/** A registry on this machine that npm cannot tell from a real one, but for the package `hangs`. */
export interface Registry {
  url: string
  /** Paths that were asked for. */
  requests: string[]
  /** Answers what it was asked of `hangs`, from now on at once. */
  release(): void
  close(): Promise<void>
}

/** @param authorization what every request must carry; with another one it is answered 401, which names it */
export async function startRegistry(
  packages: readonly PublishedPackage[],
  authorization?: string,
): Promise<Registry> {
  const requests: string[] = []
  const held: (() => void)[] = []
  let isHolding = true
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "").slice(1)
    requests.push(path)
    const shown = request.headers.authorization
    if (authorization !== undefined && shown !== authorization) {
      response.writeHead(401).end(JSON.stringify({ error: `nobody knows ${shown}` }))
      return
    }
    const answer = answerTo(path, packages, url)
    const send = () => response.writeHead(answer === undefined ? 404 : 200).end(answer ?? "{}")
    if (isHolding && path.startsWith("hangs")) held.push(send)
    else send()
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`
  return {
    url,
    requests,
    release() {
      isHolding = false
      for (const send of held.splice(0)) send()
    },
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

function answerTo(
  path: string,
  packages: readonly PublishedPackage[],
  url: string,
): string | Buffer | undefined {
  const [, name, version] = /^(.+)\/-\/(.+)\.tgz$/.exec(path) ?? []
  if (version !== undefined) {
    const asked = packages.find((one) => one.name === name && one.version === version)
    return asked && tarball(asked)
  }
  const versions = packages.filter((one) => one.name === path)
  const latest = versions.at(-1)?.version
  return latest === undefined ? undefined : packument(path, versions, latest, url)
}

function packument(name: string, versions: PublishedPackage[], latest: string, url: string): string {
  const entries = versions.map((one) => {
    const integrity = `sha512-${createHash("sha512").update(tarball(one)).digest("base64")}`
    const dist = { tarball: `${url}/${name}/-/${one.version}.tgz`, integrity }
    return [one.version, { ...manifestOf(one), dist }]
  })
  return JSON.stringify({ name, "dist-tags": { latest }, versions: Object.fromEntries(entries) })
}

function manifestOf({ name, version, manifest }: PublishedPackage): object {
  return { name, version, ...manifest }
}

function tarball(one: PublishedPackage): Buffer {
  const files = { "package.json": JSON.stringify(manifestOf(one)), ...one.files }
  const entries = Object.entries(files).map(([path, content]) =>
    tarEntry(`package/${path}`, Buffer.from(content)),
  )
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]))
}

/** A header of 512 bytes, then the content in blocks of 512. */
function tarEntry(path: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512)
  header.write(path, 0)
  header.write("0000644\0", 100)
  header.write("0000000\0", 108)
  header.write("0000000\0", 116)
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124)
  header.write("00000000000\0", 136)
  header.write("        ", 148)
  header.write("0", 156)
  header.write("ustar\x0000", 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}
