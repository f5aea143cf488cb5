export function docsPage(_: unknown): string {
  return ""
}
