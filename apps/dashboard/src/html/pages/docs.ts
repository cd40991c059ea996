import { html } from 'hono/html'
import { type Html, scrollable } from '../elements.ts'

/** The part of an OpenAPI document that the page shows. */
export interface OpenApiDocument {
  info: { title: string; version: string; description?: string }
  paths?: Record<string, Record<string, Operation>>
}

interface Operation {
  summary?: string
  description?: string
  parameters?: {
    name: string
    in: string
    required?: boolean
    description?: string
    schema?: { example?: unknown }
    example?: unknown
  }[]
  responses?: Record<string, { description?: string; content?: Record<string, unknown> }>
}

/** The API's OpenAPI document as a page. */
export function docsPage({ info, paths = {} }: OpenApiDocument): Html {
  return html`<div class="page-head"><h1>${info.title}</h1><a class="button" href="/api/openapi.json">OpenAPI 3.1 document</a></div>
<p class="lead">${info.description}</p>
<section class="panel docs" aria-label="Operations">${Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => operationDoc(path, method, operation)),
  )}</section>`
}

function operationDoc(
  path: string,
  method: string,
  { summary, description, parameters = [], responses = {} }: Operation,
): Html {
  return html`<article class="doc">
    <h2><span class="method ${method}">${method.toUpperCase()}</span> <code class="anywhere">${path}</code></h2>
    <p>${summary}</p>
    ${description && html`<p class="muted">${description}</p>`}
    ${
      parameters.length > 0 &&
      scrollable(
        `Parameters of ${method} ${path}`,
        html`<table>
      <thead><tr><th scope="col">Parameter</th><th scope="col">In</th><th scope="col">Description</th></tr></thead>
      <tbody>${parameters.map(
        (one) =>
          html`<tr><th scope="row"><code>${one.name}</code></th><td>${one.in}${one.required && ', required'}</td><td>${one.description}</td></tr>`,
      )}</tbody></table>`,
      )
    }
    ${scrollable(
      `Responses of ${method} ${path}`,
      html`<table>
      <thead><tr><th scope="col">Status</th><th scope="col">Content</th><th scope="col">Description</th></tr></thead>
      <tbody>${Object.entries(responses).map(
        ([status, response]) =>
          html`<tr><th scope="row">${status}</th><td><code>${Object.keys(response.content ?? {}).join(', ')}</code></td><td>${response.description}</td></tr>`,
      )}</tbody></table>`,
    )}
  </article>`
}
