// Live updates: on every change event, and periodically, fetches the page again and replaces its live regions. Without this
// file every page still works by reloading.

const DEBOUNCE_MS = 400
const MAX_DELAY_MS = 2_000
const ANNOUNCE_EVERY_MS = 10_000
const REFRESH_AGES_MS = 15_000
const RETRY_MS = 5_000
/** Some changes have no event, such as a worker that crashed. */
const POLL_MS = 15_000

const indicator = document.getElementById('live')
const announcer = document.getElementById('announcer')
const regions = () => [...document.querySelectorAll('[data-live]')]

if (regions().length > 0) startUpdates()
setInterval(refreshAges, REFRESH_AGES_MS)

function startUpdates() {
  let timer
  let nextPoll
  let firstUnseen
  let updating = Promise.resolve()
  const changes = new EventSource('/api/events')
  changes.addEventListener('open', () => show('on', 'Live'))
  changes.addEventListener('error', () => show('off', 'Not live, retrying'))
  const schedule = () => {
    const now = Date.now()
    firstUnseen ??= now
    clearTimeout(timer)
    timer = setTimeout(() => void load(), Math.max(0, Math.min(DEBOUNCE_MS, firstUnseen + MAX_DELAY_MS - now)))
  }
  const scheduleIn = (ms) => {
    clearTimeout(nextPoll)
    nextPoll = setTimeout(schedule, ms)
  }
  const load = async () => {
    firstUnseen = undefined
    // A hidden tab updates once it is visible.
    if (document.hidden) return document.addEventListener('visibilitychange', schedule, { once: true })
    try {
      // Run updates one at a time, so that an older response never replaces a newer one.
      updating = updating.then(update, update)
      await updating
      if (changes.readyState === EventSource.OPEN) show('on', 'Live')
      scheduleIn(POLL_MS)
    } catch {
      show('off', 'Not live, retrying')
      scheduleIn(RETRY_MS)
    }
  }
  scheduleIn(POLL_MS)
  changes.addEventListener('changes', schedule)
  // No event reports what changed between rendering the page and connecting, or while disconnected.
  changes.addEventListener('hello', schedule)
  // A page in the back/forward cache must release its connection, as browsers allow six per host. Reload when it is restored.
  addEventListener('pagehide', () => changes.close())
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
}

function show(state, text) {
  if (!indicator) return
  indicator.className = `live ${state}`
  if (indicator.textContent !== text) indicator.textContent = text
}

async function update() {
  const response = await fetch(location.href, { headers: { Accept: 'text/html' } })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
  let arrived = 0
  for (const old of regions()) {
    const replacement = fresh.getElementById(old.id)
    if (replacement && replacement.innerHTML !== old.innerHTML) arrived += replace(old, replacement)
  }
  if (arrived > 0) announce(arrived === 1 ? '1 new run' : `${arrived} new runs`)
}

/** Replaces the content of a region and keeps focus, scroll positions and open details. Skips it while text is selected. */
function replace(old, replacement) {
  if (hasSelection(old)) return 0
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

function hasSelection(region) {
  const selection = getSelection()
  return selection !== null && !selection.isCollapsed && region.contains(selection.anchorNode)
}

function remember(region) {
  const focused = region.contains(document.activeElement) ? selectorOf(document.activeElement) : undefined
  const opened = [...region.querySelectorAll('details[id][open]')].map((part) => part.id)
  const scrolled = [...region.querySelectorAll('[id]')]
    .filter((part) => part.scrollTop > 0 || part.scrollLeft > 0)
    .map(({ id, scrollTop, scrollLeft }) => ({ id, scrollTop, scrollLeft }))
  return () => {
    for (const id of opened) document.getElementById(id)?.setAttribute('open', '')
    for (const { id, scrollTop, scrollLeft } of scrolled) document.getElementById(id)?.scrollTo(scrollLeft, scrollTop)
    if (focused) document.querySelector(focused)?.focus({ preventScroll: true })
  }
}

function selectorOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`
  const row = element.closest('[data-run]')
  const href = element.getAttribute('href')
  const parent = row ? `[data-run="${CSS.escape(row.dataset.run)}"] ` : ''
  return href ? `${parent}a[href="${CSS.escape(href)}"]` : undefined
}

let announced = 0
function announce(text) {
  if (!announcer || Date.now() - announced < ANNOUNCE_EVERY_MS) return
  announced = Date.now()
  announcer.textContent = text
}

function refreshAges() {
  for (const element of document.querySelectorAll('time[data-age]')) {
    const text = age(Date.now() - Date.parse(element.dateTime))
    if (element.textContent !== text) element.textContent = text
  }
}

/** Must produce the same text as `ago` in format.ts. */
function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 48 * 3_600) return `${Math.floor(seconds / 3_600)} h ago`
  return `${Math.floor(seconds / 86_400)} d ago`
}
