import { generateKeyPairSync, sign } from "node:crypto"

const DAY_MS = 86_400_000

/** A certificate for `localhost`, good for a day, that a client trusts when it is given as the authority. PEM. */
export function issueCertificate(): { key: string; certificate: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const name = sequence(der(SET, sequence(COMMON_NAME, der(UTF8_STRING, Buffer.from("localhost")))))
  const validity = sequence(utcTime(Date.now() - DAY_MS), utcTime(Date.now() + DAY_MS))
  const altNames = sequence(
    SUBJECT_ALT_NAME,
    der(OCTET_STRING, sequence(der(DNS_NAME, Buffer.from("localhost")))),
  )
  const body = sequence(
    der(VERSION, der(INTEGER, Buffer.of(2))),
    der(INTEGER, Buffer.of(1)),
    sequence(ECDSA_WITH_SHA256),
    name,
    validity,
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(EXTENSIONS, sequence(altNames)),
  )
  const signature = Buffer.concat([Buffer.of(0), sign("sha256", body, privateKey)])
  const certificate = sequence(body, sequence(ECDSA_WITH_SHA256), der(BIT_STRING, signature))
  const lines = certificate.toString("base64").replace(/.{64}(?=.)/g, "$&\n")
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}

// X.509 (RFC 5280) in DER: tags, and object identifiers as they are encoded.
const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const UTF8_STRING = 0x0c
const UTC_TIME = 0x17
const SEQUENCE = 0x30
const SET = 0x31
const DNS_NAME = 0x82
const VERSION = 0xa0
const EXTENSIONS = 0xa3
const COMMON_NAME = Buffer.from("0603550403", "hex")
const SUBJECT_ALT_NAME = Buffer.from("0603551d11", "hex")
const ECDSA_WITH_SHA256 = Buffer.from("06082a8648ce3d040302", "hex")

function sequence(...parts: Buffer[]): Buffer {
  return der(SEQUENCE, ...parts)
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

/** `YYMMDDHHMMSSZ` */
function utcTime(at: number): Buffer {
  const digits = new Date(at)
    .toISOString()
    .replace(/[-:T]|\..*/g, "")
    .slice(2)
  return der(UTC_TIME, Buffer.from(`${digits}Z`))
}
