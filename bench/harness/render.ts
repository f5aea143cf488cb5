import { type Finding, ratioOf, type Table, verdictOf } from "./suite.ts"

/** The findings as a table for a terminal. */
export function renderFindings(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => [
    finding.measure,
    figure(finding.ours, finding.unit),
    figure(finding.theirs, finding.unit),
    finding.beside,
    `${ratioOf(finding).toFixed(2)} ×`,
    `${finding.better === "higher" ? "≥" : "≤"} ${finding.reach} (${finding.aim})`,
    verdictOf(finding),
  ])
  return renderTable({
    title: "Measured in turn in one run; medians",
    columns: ["measure", "ours", "theirs", "beside", "ratio", "reach (aim)", "verdict"],
    rows,
  })
}

export function renderTable({ title, columns, rows }: Table): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd()
  const rule = widths.map((width) => "─".repeat(width))
  return `\n${title}\n\n${[columns, rule, ...rows].map(line).join("\n")}\n`
}

export function figure(value: number, unit: string): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  const text = value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits })
  return `${text} ${unit}`
}
