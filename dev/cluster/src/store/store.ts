import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { copyJson, freezeJson } from './json.ts'
import type { KubeObject, ResourceName, Store, StoreEvent } from './types.ts'

export interface StoreOptions {
  now?: () => Date
  /** How many changes of each resource a watch can go back at least. */
  historyLimit?: number
}

export class AlreadyExists extends Error {
  override readonly name = 'AlreadyExists'
}

/**
 * Objects are deeply frozen when written. Reads hand out the stored object without a copy, and no caller can change what
 * another one sees.
 */
export function createStore({ now = () => new Date(), historyLimit = 10_000 }: StoreOptions = {}): Store {
  const collections = createCollections(historyLimit)
  let version = 0

  function write(resource: ResourceName, event: StoreEvent): KubeObject {
    const { table, history, listeners } = collections[resource]
    version += 1
    const { metadata } = event.object
    const object = freezeJson({ ...event.object, metadata: { ...metadata, resourceVersion: String(version) } })
    if (event.type === 'DELETED') table.delete(object)
    else table.set(object)
    history.push(version, { ...event, object })
    listeners.publish({ ...event, object })
    return object
  }

  function replace(resource: ResourceName, object: KubeObject): KubeObject | undefined {
    const previous = collections[resource].table.get(object.metadata.namespace, object.metadata.name)
    if (!previous) return undefined
    const { resourceVersion } = previous.metadata
    const next = { ...object, metadata: { ...object.metadata, resourceVersion } }
    return isDeepStrictEqual(next, previous) ? previous : write(resource, { type: 'MODIFIED', object: next, previous })
  }

  return {
    get resourceVersion() {
      return version
    },
    create(resource, object) {
      const { namespace, name, uid } = object.metadata
      if (collections[resource].table.get(namespace, name)) {
        throw new AlreadyExists(`${resource} "${name}" already exists`)
      }
      const metadata = { ...object.metadata, uid: uid || randomUUID(), creationTimestamp: timestamp(now()) }
      return write(resource, { type: 'ADDED', object: { ...object, metadata } })
    },
    get: (resource, namespace, name) => collections[resource].table.get(namespace, name),
    list: (resource, namespace) => collections[resource].table.list(namespace),
    mutate(resource, namespace, name, change) {
      const before = collections[resource].table.get(namespace, name)
      if (!before) return undefined
      const draft = copyJson(before)
      change(draft)
      return replace(resource, draft)
    },
    replace,
    remove(resource, namespace, name) {
      const previous = collections[resource].table.get(namespace, name)
      return previous && write(resource, { type: 'DELETED', object: previous, previous })
    },
    subscribe: (resource, listener) => collections[resource].listeners.subscribe(listener),
    since: (resource, resourceVersion) => collections[resource].history.since(resourceVersion),
    compact() {
      for (const { history } of Object.values(collections)) history.forget(version)
    },
  }
}

function createCollections(historyLimit: number) {
  const collection = () => ({
    table: createTable(),
    history: createHistory(historyLimit),
    listeners: createListeners(),
  })
  return {
    namespaces: collection(),
    configmaps: collection(),
    jobs: collection(),
    pods: collection(),
    events: collection(),
  }
}

/** A time as Kubernetes writes it, to the second. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`

/** Objects by `namespace/name`, like etcd's keys. Cluster-scoped objects have an empty namespace. */
function createTable() {
  const objects = new Map<string, KubeObject>()
  // Lists are frequent and most writes change existing objects: sort only after an insertion or a deletion.
  let sorted: string[] | undefined

  return {
    get: (namespace: string | undefined, name: string) => objects.get(keyOf(namespace, name)),
    set(object: KubeObject) {
      const key = keyOf(object.metadata.namespace, object.metadata.name)
      if (!objects.has(key)) sorted = undefined
      objects.set(key, object)
    },
    delete({ metadata }: KubeObject) {
      objects.delete(keyOf(metadata.namespace, metadata.name))
      sorted = undefined
    },
    list(namespace?: string): KubeObject[] {
      sorted ??= [...objects.keys()].sort()
      const keys = namespace === undefined ? sorted : sorted.filter((key) => key.startsWith(`${namespace}/`))
      return keys.map((key) => objects.get(key) as KubeObject)
    },
  }
}

function createHistory(limit: number) {
  let entries: { version: number; event: StoreEvent }[] = []
  let floor = 0

  return {
    push(version: number, event: StoreEvent) {
      entries.push({ version, event })
      // Trimming only at twice the limit keeps the average cost of a change constant.
      if (entries.length < 2 * limit) return
      floor = entries[entries.length - limit - 1]?.version ?? version
      entries = entries.slice(-limit)
    },
    since(version: number): StoreEvent[] | undefined {
      if (version < floor) return undefined
      const last = entries.findLastIndex((entry) => entry.version <= version)
      return entries.slice(last + 1).map(({ event }) => event)
    },
    forget(upTo: number) {
      entries = []
      floor = upTo
    },
  }
}

/** Delivers events in order even if a listener writes to the store: its event waits until all have seen the current one. */
function createListeners() {
  const listeners = new Set<(event: StoreEvent) => void>()
  const pending: StoreEvent[] = []
  let publishing = false

  return {
    publish(event: StoreEvent) {
      pending.push(event)
      if (publishing) return
      publishing = true
      for (let next = pending.shift(); next; next = pending.shift()) {
        for (const listener of Array.from(listeners)) if (listeners.has(listener)) deliver(listener, next)
      }
      publishing = false
    },
    subscribe(listener: (event: StoreEvent) => void): () => void {
      // A fresh function, so that one listener may subscribe twice.
      const own = (event: StoreEvent): void => listener(event)
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
}

/** A bug in one listener must neither fail the writer nor silence the other listeners. */
function deliver(listener: (event: StoreEvent) => void, event: StoreEvent): void {
  try {
    listener(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
