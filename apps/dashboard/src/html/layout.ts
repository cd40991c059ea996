import { html } from 'hono/html'
import { assetPath } from './assets.ts'
import { type Html, icon } from './elements.ts'

export type Theme = (typeof THEMES)[number]

export const THEMES = ['system', 'light', 'dark'] as const

/** What every page has around its body. */
export interface Frame {
  title: string
  /** The page's own path and query, to return to. */
  here: string
  theme: Theme
  /** Undefined without authentication. */
  caller: { name: string; role: string } | undefined
}

const LINKS = [
  ['/', 'Overview'],
  ['/runs', 'Runs'],
  ['/operarios', 'Operarios'],
  ['/queues', 'Queue'],
  ['/api/docs', 'API'],
] as const

/** A complete page. It works without its script, which only updates it. */
export function page(frame: Frame, body: Html): Html {
  return html`<!doctype html>
<html lang="en"${frame.theme === 'system' ? '' : html` data-theme="${frame.theme}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${frame.title} · Opifer</title>
<link rel="icon" href="${assetPath('favicon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${assetPath('app.css')}">
<script type="module" src="${assetPath('app.js')}"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
  <div class="top-inner">
    <a class="brand" href="/"><svg viewBox="0 0 24 24" aria-hidden="true"><rect width="24" height="24" rx="6" fill="currentColor"/><path class="brand-mark" d="M7 12.5l3.4 3.4L17.5 8"/></svg>Opifer</a>
    <nav class="nav" aria-label="Main">${LINKS.map(([path, name]) => link(path, name, frame.here))}</nav>
    <div class="top-end">
      <span class="live" id="live"></span>
      ${frame.caller && html`<span class="caller" title="${frame.caller.name}, ${frame.caller.role}">${frame.caller.name} · ${frame.caller.role}</span>`}
      ${themeSwitch(frame)}
    </div>
  </div>
</header>
<main id="main" tabindex="-1">
${body}
</main>
<p class="hidden" role="status" id="announcer"></p>
</body>
</html>`
}

function link(path: string, name: string, here: string): Html {
  const [at = ''] = here.split('?', 1)
  const isHere = path === '/' ? at === '/' : at === path || at.startsWith(`${path}/`)
  return html`<a href="${path}"${isHere ? html` aria-current="page"` : ''}>${name}</a>`
}

function themeSwitch({ theme, here }: Frame): Html {
  return html`<form method="post" action="/theme">
    <input type="hidden" name="return" value="${here}">
    <div class="theme" role="group" aria-label="Color theme">${THEMES.map(
      (name) =>
        html`<button name="theme" value="${name}" aria-pressed="${String(name === theme)}" title="${THEME_NAMES[name]}">${icon(name)}<span class="hidden">${THEME_NAMES[name]}</span></button>`,
    )}</div>
  </form>`
}

const THEME_NAMES = { system: 'System theme', light: 'Light theme', dark: 'Dark theme' } as const

/** The body of a page that reports an error. */
export function errorBody(title: string, text: Html | string): Html {
  return html`<section class="panel"><div class="empty"><h1>${title}</h1><p>${text}</p></div></section>`
}
