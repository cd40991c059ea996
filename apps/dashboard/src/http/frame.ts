import type { AuthEnv } from '@opifer/platform/auth'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { type Frame, type Theme, THEMES } from '../html/layout.ts'

const COOKIE = 'opifer-theme'

/** The frame of the page that answers a request. */
export function frameOf(c: Context<AuthEnv>, title: string): Frame {
  const { pathname, search } = new URL(c.req.url)
  const caller = c.get('caller')
  return {
    title,
    here: pathname + search,
    theme: themeOf(getCookie(c, COOKIE)),
    caller: caller.name === 'anonymous' ? undefined : caller,
  }
}

/** Stores the chosen theme in a cookie and redirects back. */
export function chooseTheme(c: Context<AuthEnv>, theme: string | undefined, back: string | undefined): Response {
  const year = 365 * 24 * 3_600
  setCookie(c, COOKIE, themeOf(theme), { path: '/', maxAge: year, sameSite: 'Lax', httpOnly: true })
  return c.redirect(ownPath(back), 303)
}

function themeOf(text: string | undefined): Theme {
  return THEMES.find((theme) => theme === text) ?? 'system'
}

/** Prevents open redirects: browsers read `//host` and `/\host` as other servers. */
function ownPath(text: string | undefined): string {
  return text !== undefined && /^\/(?![/\\])[^\r\n\t]*$/.test(text) ? text : '/'
}
