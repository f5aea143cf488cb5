// Plain JavaScript: its package is not installed where the project's types are checked.
import { generate } from "selfsigned"

/**
 * An authority made for one test run, and what it signed for `localhost`.
 * @returns {Promise<{ authority: string, key: string, certificate: string }>} as PEM
 */
export async function issueCertificate() {
  const authority = await generate([{ name: "commonName", value: "Hooklane test authority" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const server = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] },
    ],
  })
  return { authority: authority.cert, key: server.private, certificate: server.cert }
}
