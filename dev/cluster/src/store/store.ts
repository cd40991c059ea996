import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { createHistory, type History } from './history.ts'
import { copyJson, freezeJson } from './json.ts'
import { createPublisher, type Publisher } from './publisher.ts'
import { createTable, type Table } from './table.ts'
import type { KubeObject, ResourceName, Store, StoreEvent } from './types.ts'

export interface StoreOptions {
  now?: () => Date
  /** How many changes of each resource a watch can go back at least. */
  historyLimit?: number
}

export class AlreadyExists extends Error {
  override readonly name = 'AlreadyExists'
}

interface Shelf {
  table: Table
  history: History
  publisher: Publisher
}

/**
 * An object is frozen to its depth when it is written. Reads then hand out the stored object itself, without a copy, and
 * nobody can change what others see.
 */
export function createStore({ now = () => new Date(), historyLimit = 10_000 }: StoreOptions = {}): Store {
  const shelves = createShelves(historyLimit)
  let version = 0

  function write(
    resource: ResourceName,
    type: StoreEvent['type'],
    object: KubeObject,
    previous?: KubeObject,
  ): KubeObject {
    const { table, history, publisher } = shelves[resource]
    version += 1
    const written = freezeJson({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } })
    if (type === 'DELETED') table.delete(written)
    else table.set(written)
    const event: StoreEvent = previous ? { type, object: written, previous } : { type, object: written }
    history.push(version, event)
    publisher.publish(event)
    return written
  }

  function replace(resource: ResourceName, object: KubeObject): KubeObject | undefined {
    const before = shelves[resource].table.get(object.metadata.namespace, object.metadata.name)
    if (!before) return undefined
    const { resourceVersion } = before.metadata
    const unversioned = { ...object, metadata: { ...object.metadata, resourceVersion } }
    return isDeepStrictEqual(unversioned, before) ? before : write(resource, 'MODIFIED', unversioned, before)
  }

  return {
    get resourceVersion() {
      return version
    },
    create(resource, object) {
      const { namespace, name, uid } = object.metadata
      if (shelves[resource].table.get(namespace, name)) throw new AlreadyExists(`${resource} "${name}" already exists`)
      const born = { uid: uid || randomUUID(), creationTimestamp: timestamp(now()) }
      return write(resource, 'ADDED', { ...object, metadata: { ...object.metadata, ...born } })
    },
    get: (resource, namespace, name) => shelves[resource].table.get(namespace, name),
    list: (resource, namespace) => shelves[resource].table.list(namespace),
    mutate(resource, namespace, name, change) {
      const before = shelves[resource].table.get(namespace, name)
      if (!before) return undefined
      const draft = copyJson(before)
      change(draft)
      return replace(resource, draft)
    },
    replace,
    remove(resource, namespace, name) {
      const before = shelves[resource].table.get(namespace, name)
      return before && write(resource, 'DELETED', before, before)
    },
    subscribe: (resource, listener) => shelves[resource].publisher.subscribe(listener),
    since: (resource, resourceVersion) => shelves[resource].history.since(resourceVersion),
    compact() {
      for (const shelf of Object.values(shelves)) shelf.history.forget(version)
    },
  }
}

/** A time as Kubernetes writes it: to the second. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}

function createShelves(historyLimit: number): Record<ResourceName, Shelf> {
  const shelf = (): Shelf => ({
    table: createTable(),
    history: createHistory(historyLimit),
    publisher: createPublisher(),
  })
  return { namespaces: shelf(), configmaps: shelf(), jobs: shelf(), pods: shelf(), events: shelf() }
}
