/**
 * Names of clouds' metadata services. Their addresses are refused as well; the names are here because a cloud decides
 * what they resolve to, and some have resolved to public addresses.
 */
const METADATA_NAMES = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "metadata.azure.internal",
  "metadata.azure.com",
  "instance-data",
  "instance-data.ec2.internal",
  "api.metadata.cloud.ibm.com",
  "metadata.tencentyun.com",
  "metadata.platformequinix.com",
  "metadata.packet.net",
])

/** @param name in lower case, without a dot at its end */
export function isMetadataName(name: string): boolean {
  return METADATA_NAMES.has(name)
}
