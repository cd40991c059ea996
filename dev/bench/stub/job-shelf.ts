import { randomUUID } from 'node:crypto'

/** A change of a Job, as a watch tells it. */
interface Change {
  version: number
  line: string
}

interface StubJob {
  uid: string
  /** As it was posted. */
  manifest: string
  text: string
}

export interface ShelfOptions {
  /** Milliseconds after which a Job is complete; without it a Job goes on for ever. */
  completeAfterMs?: number
}

/** The Jobs of the stand-in, kept as text: it is never looked into but for the name, and parsing would cost most of all. */
export class JobShelf {
  readonly #jobs = new Map<string, StubJob>()
  readonly #changes: Change[] = []
  readonly #watchers = new Set<(line: string) => void>()
  readonly #options: ShelfOptions
  version = 1
  /** Creates that were refused since the name was there. */
  conflicts = 0

  constructor(options: ShelfOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#jobs.size
  }

  get(name: string): string | undefined {
    return this.#jobs.get(name)?.text
  }

  list(): string {
    const items = Array.from(this.#jobs.values(), ({ text }) => text)
    const head = `{"kind":"JobList","apiVersion":"batch/v1","metadata":{"resourceVersion":"${this.version}"}`
    return `${head},"items":[${items.join(',')}]}`
  }

  /** The Job as it now is, or undefined when there is one of its name. */
  create(manifest: string): string | undefined {
    const { name } = (JSON.parse(manifest) as { metadata: { name: string } }).metadata
    if (this.#jobs.has(name)) {
      this.conflicts++
      return undefined
    }
    const job: StubJob = { uid: randomUUID(), manifest, text: '' }
    this.#jobs.set(name, job)
    this.#change(job, 'ADDED', '')
    const { completeAfterMs } = this.#options
    if (completeAfterMs !== undefined) setTimeout(() => this.#change(job, 'MODIFIED', COMPLETE), completeAfterMs)
    return job.text
  }

  /** Tells of all changes after a version, and of those to come. Returns what ends it. */
  watch(since: number, tell: (line: string) => void): () => void {
    for (const { version, line } of this.#changes) if (version > since) tell(line)
    this.#watchers.add(tell)
    return () => void this.#watchers.delete(tell)
  }

  #change(job: StubJob, type: 'ADDED' | 'MODIFIED', status: string): void {
    const version = ++this.version
    const metadata = `"metadata":{"uid":"${job.uid}","resourceVersion":"${version}",`
    job.text = job.manifest.replace('"metadata":{', metadata).replace(/\}$/, `${status}}`)
    const line = `{"type":"${type}","object":${job.text}}\n`
    this.#changes.push({ version, line })
    for (const tell of this.#watchers) tell(line)
  }
}

const COMPLETE = `,"status":{"succeeded":1,"conditions":[{"type":"Complete","status":"True"}]}`
