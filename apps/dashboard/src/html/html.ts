import { html } from 'hono/html'

/** A piece of a page, with every value in it escaped. */
export type Html = ReturnType<typeof html>

export { html }
