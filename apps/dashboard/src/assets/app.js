// Keeps a page up to date: when the server tells of changes, and every now and then, the page is fetched again and its live
// regions are replaced. Everything works without this file, by reloading.

const QUIET_MS = 400
const LONGEST_WAIT_MS = 2_000
const ANNOUNCE_EVERY_MS = 10_000
const REFRESH_AGES_MS = 15_000
const TRY_AGAIN_MS = 5_000
/** Nobody tells of some changes, above all not of workers that are gone. */
const READ_ANYHOW_MS = 15_000

const light = document.getElementById('live')
const announcer = document.getElementById('announcer')
const regions = () => [...document.querySelectorAll('[data-live]')]

if (regions().length > 0) follow()
setInterval(refreshAges, REFRESH_AGES_MS)

function follow() {
  let timer
  let later
  let firstUnseen
  let updating = Promise.resolve()
  const changes = new EventSource('/api/events')
  changes.addEventListener('open', () => show('on', 'Live'))
  changes.addEventListener('error', () => show('off', 'Not live: trying again'))
  const wake = () => {
    const now = Date.now()
    firstUnseen ??= now
    clearTimeout(timer)
    timer = setTimeout(() => void load(), Math.max(0, Math.min(QUIET_MS, firstUnseen + LONGEST_WAIT_MS - now)))
  }
  const wakeIn = (ms) => {
    clearTimeout(later)
    later = setTimeout(wake, ms)
  }
  const load = async () => {
    firstUnseen = undefined
    // What a hidden tab shows can wait until somebody looks.
    if (document.hidden) return document.addEventListener('visibilitychange', wake, { once: true })
    try {
      // One after the other, so that an older answer never takes the place of a newer one.
      updating = updating.then(update, update)
      await updating
      if (changes.readyState === EventSource.OPEN) show('on', 'Live')
      wakeIn(READ_ANYHOW_MS)
    } catch {
      show('off', 'Not live: trying again')
      wakeIn(TRY_AGAIN_MS)
    }
  }
  wakeIn(READ_ANYHOW_MS)
  changes.addEventListener('changes', wake)
  // What happened between the making of the page and the connection, or while that was away, was told to nobody.
  changes.addEventListener('hello', wake)
  // A page that is left must not hold its connection: browsers have six for a host. One that is come back to begins anew.
  addEventListener('pagehide', () => changes.close())
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
}

function show(state, words) {
  if (!light) return
  light.className = `live ${state}`
  if (light.textContent !== words) light.textContent = words
}

async function update() {
  const response = await fetch(location.href, { headers: { Accept: 'text/html' } })
  if (!response.ok) throw new Error(`the page answered ${response.status}`)
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
  let arrived = 0
  for (const old of regions()) {
    const replacement = fresh.getElementById(old.id)
    if (replacement && replacement.innerHTML !== old.innerHTML) arrived += replace(old, replacement)
  }
  if (arrived > 0) announce(arrived === 1 ? 'A new run came in.' : `${arrived} new runs came in.`)
}

/** Puts what is new in place of what was there, and leaves alone what the reader has done: focus, selection, open parts. */
function replace(old, replacement) {
  if (isBeingRead(old)) return 0
  const restore = remember(old)
  const known = new Set(rowsOf(old).map((row) => row.dataset.run))
  const fresh = known.size === 0 ? [] : rowsOf(replacement).filter((row) => !known.has(row.dataset.run))
  for (const row of fresh) row.classList.add('fresh')
  old.replaceChildren(...replacement.childNodes)
  restore()
  return fresh.length
}

function rowsOf(region) {
  return [...region.querySelectorAll('[data-run]')]
}

function isBeingRead(region) {
  const selection = getSelection()
  return selection !== null && !selection.isCollapsed && region.contains(selection.anchorNode)
}

function remember(region) {
  const focused = region.contains(document.activeElement) ? addressOf(document.activeElement) : undefined
  const unfolded = [...region.querySelectorAll('details[id][open]')].map((part) => part.id)
  const scrolled = [...region.querySelectorAll('[id]')]
    .filter((part) => part.scrollTop > 0 || part.scrollLeft > 0)
    .map(({ id, scrollTop, scrollLeft }) => ({ id, scrollTop, scrollLeft }))
  return () => {
    for (const id of unfolded) document.getElementById(id)?.setAttribute('open', '')
    for (const { id, scrollTop, scrollLeft } of scrolled) document.getElementById(id)?.scrollTo(scrollLeft, scrollTop)
    if (focused) document.querySelector(focused)?.focus({ preventScroll: true })
  }
}

function addressOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`
  const row = element.closest('[data-run]')
  const href = element.getAttribute('href')
  const within = row ? `[data-run="${CSS.escape(row.dataset.run)}"] ` : ''
  return href ? `${within}a[href="${CSS.escape(href)}"]` : undefined
}

let announced = 0
function announce(words) {
  if (!announcer || Date.now() - announced < ANNOUNCE_EVERY_MS) return
  announced = Date.now()
  announcer.textContent = words
}

function refreshAges() {
  for (const element of document.querySelectorAll('time[data-age]')) {
    const words = age(Date.now() - Date.parse(element.dateTime))
    if (element.textContent !== words) element.textContent = words
  }
}

/** The same words as the server's `ago`. */
function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 48 * 3_600) return `${Math.floor(seconds / 3_600)} h ago`
  return `${Math.floor(seconds / 86_400)} d ago`
}
