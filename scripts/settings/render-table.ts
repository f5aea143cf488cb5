import { SETTINGS } from "@hooklane/core"

type Setting = (typeof SETTINGS)[keyof typeof SETTINGS]

const START = "<!-- settings:start (written by `npm run settings`) -->"
const END = "<!-- settings:end -->"

/** Every setting as a table in Markdown: variable, default, who reads it, what it does. */
export function renderSettings(): string {
  const rows = Object.values(SETTINGS).map((setting) => [
    code(setting.env),
    defaultOf(setting),
    setting.usedBy.join(", "),
    setting.description,
  ])
  const lines = [["Variable", "Default", "Read by", "What it does"], ["---", "---", "---", "---"], ...rows]
  return lines.map((cells) => `| ${cells.map(escapeCell).join(" | ")} |`).join("\n")
}

/**
 * The document with the table between its two markers.
 * @throws Error when it has no markers
 */
export function withSettings(document: string): string {
  const start = document.indexOf(START)
  const end = document.indexOf(END)
  if (start < 0 || end < start)
    throw new Error(`The document has no place for the table:\n\n${START}\n${END}`)
  return `${document.slice(0, start + START.length)}\n\n${renderSettings()}\n\n${document.slice(end)}`
}

function defaultOf(setting: Setting): string {
  if ("defaultText" in setting && setting.defaultText !== undefined) return setting.defaultText
  const parsed = setting.schema.safeParse(undefined)
  return parsed.success && parsed.data !== undefined ? code(String(parsed.data)) : "–"
}

function code(text: string): string {
  return `\`${text}\``
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|")
}
