import { html, raw } from "hono/html"
import { z } from "zod"

const contentSchema = z.record(z.string(), z.object({ schema: z.unknown() })).default({})

const parameterSchema = z.object({
  name: z.string(),
  in: z.string(),
  required: z.boolean().default(false),
  description: z.string().default(""),
  schema: z.unknown(),
})

const operationSchema = z.object({
  summary: z.string().default(""),
  description: z.string().default(""),
  parameters: z.array(parameterSchema).default([]),
  requestBody: z.object({ content: contentSchema }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: contentSchema })).default({}),
})

/** What the page reads of an OpenAPI document. */
const documentSchema = z.object({
  info: z.object({ title: z.string(), description: z.string().default("") }),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)).default({}),
  components: z.object({ schemas: z.record(z.string(), z.unknown()).default({}) }),
})

type Operation = z.infer<typeof operationSchema>
type Html = ReturnType<typeof html>

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; background: #fff }
  h2 { margin-top: 2.5rem } details { border-top: 1px solid #d8dde5; padding: .5rem 0 }
  summary { cursor: pointer } code, pre { font: 13px/1.5 ui-monospace, monospace }
  pre { background: #f4f6f9; padding: .75rem; overflow-x: auto } .method { display: inline-block; min-width: 4rem; font-weight: 600 }
  @media (prefers-color-scheme: dark) { body { color: #e3e8ef; background: #141a22 } pre { background: #1d2530 } details { border-color: #333d4b } }
`

/** The API's description as one page without script, so that it can be read where nothing else is reachable. */
export function docsPage(document: unknown): Html {
  const { info, paths, components } = documentSchema.parse(document)
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title} API</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <h1>${info.title} API</h1>
        <p>${info.description} As a document: <a href="/openapi.json">openapi.json</a>.</p>
        ${Object.entries(paths).flatMap(([path, operations]) =>
          Object.entries(operations).map(([method, operation]) => operationDetails(method, path, operation)),
        )}
        <h2>Schemas</h2>
        ${Object.entries(components.schemas).map(
          ([name, schema]) =>
            html`<details id="${name}"><summary>${name}</summary>${schemaText(schema)}</details>`,
        )}
      </body>
    </html>`
}

function operationDetails(method: string, path: string, operation: Operation): Html {
  const { summary, description, parameters, requestBody, responses } = operation
  return html`<details>
    <summary><span class="method">${method.toUpperCase()}</span> <code>${path}</code> ${summary}</summary>
    <p>${description}</p>
    ${parameters.map(parameterLine)}
    ${requestBody && html`<h4>Body</h4>${contentText(requestBody.content)}`}
    ${Object.entries(responses).map(
      ([status, response]) =>
        html`<h4>${status} ${response.description}</h4>${contentText(response.content)}`,
    )}
  </details>`
}

function parameterLine(parameter: z.infer<typeof parameterSchema>): Html {
  const { name, in: place, required, description, schema } = parameter
  return html`<p>
    <code>${name}</code> (${place}${required ? ", required" : ""}) ${description}
    <code>${JSON.stringify(schema)}</code>
  </p>`
}

function contentText(content: z.infer<typeof contentSchema>): Html[] {
  return Object.entries(content).map(([type, { schema }]) => html`<p>${type}</p>${schemaText(schema)}`)
}

function schemaText(schema: unknown): Html {
  return html`<pre>${JSON.stringify(schema, null, 2)}</pre>`
}
