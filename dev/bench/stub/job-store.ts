import { randomUUID } from 'node:crypto'

/** A watch event. */
interface Change {
  version: number
  line: string
}

interface StubJob {
  uid: string
  creationTimestamp: string
  /** As posted. */
  manifest: string
  text: string
}

export interface JobStoreOptions {
  /** Milliseconds after which a Job completes (default never). */
  completeAfterMs?: number
}

/** The Jobs of the stand-in, kept as text: parsing more than the name would be the largest cost. */
export class JobStore {
  readonly #jobs = new Map<string, StubJob>()
  readonly #changes: Change[] = []
  readonly #watchers = new Set<(line: string) => void>()
  readonly #options: JobStoreOptions
  version = 1
  /** Creates rejected because the name was taken. */
  conflicts = 0

  constructor(options: JobStoreOptions) {
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

  /** Returns the new Job, or undefined if the name is taken. */
  create(manifest: string): string | undefined {
    const { name } = (JSON.parse(manifest) as { metadata: { name: string } }).metadata
    if (this.#jobs.has(name)) {
      this.conflicts++
      return undefined
    }
    const job: StubJob = { uid: randomUUID(), creationTimestamp: new Date().toISOString(), manifest, text: '' }
    this.#jobs.set(name, job)
    this.#change(job, 'ADDED', '')
    const { completeAfterMs } = this.#options
    if (completeAfterMs !== undefined) setTimeout(() => this.#change(job, 'MODIFIED', COMPLETE), completeAfterMs)
    return job.text
  }

  /** Sends all changes after a version, past and future. Returns a function that stops it. */
  watch(since: number, send: (line: string) => void): () => void {
    for (const { version, line } of this.#changes) if (version > since) send(line)
    this.#watchers.add(send)
    return () => void this.#watchers.delete(send)
  }

  #change(job: StubJob, type: 'ADDED' | 'MODIFIED', status: string): void {
    const version = ++this.version
    const metadata = `"metadata":{"uid":"${job.uid}","creationTimestamp":"${job.creationTimestamp}","resourceVersion":"${version}",`
    job.text = job.manifest.replace('"metadata":{', metadata).replace(/\}$/, `${status}}`)
    const line = `{"type":"${type}","object":${job.text}}\n`
    this.#changes.push({ version, line })
    for (const send of this.#watchers) send(line)
  }
}

const COMPLETE = `,"status":{"succeeded":1,"conditions":[{"type":"Complete","status":"True"}]}`
