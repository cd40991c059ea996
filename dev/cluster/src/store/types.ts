/** The resources that the development cluster serves, by their plural name in API paths. */
export type ResourceName = 'namespaces' | 'configmaps' | 'jobs' | 'pods' | 'events'

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface ObjectMeta {
  name: string
  generateName?: string
  namespace?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
}

/** Any Kubernetes object as JSON. Objects from the store are deeply frozen: change them with `mutate`. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  [field: string]: unknown
}

export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** The object after the change; for DELETED its last state with the resourceVersion of the deletion. */
  object: KubeObject
  /** The object before the change: a watch with a selector must know whether it matched before. */
  previous?: KubeObject
}

/** One sequence of resource versions over all resources, like etcd's revision. All calls are synchronous and atomic. */
export interface Store {
  /** The version of the newest change. */
  readonly resourceVersion: number
  /**
   * Takes ownership of the object, sets uid (unless present), resourceVersion and creationTimestamp, and freezes it.
   * Throws `AlreadyExists` if the name is taken.
   */
  create(resource: ResourceName, object: KubeObject): KubeObject
  get(resource: ResourceName, namespace: string | undefined, name: string): KubeObject | undefined
  /** Sorted by namespace and name; all namespaces if none is given. */
  list(resource: ResourceName, namespace?: string): KubeObject[]
  /**
   * Applies `change` to a deep copy and stores it under a new resourceVersion; without a difference nothing is stored.
   * Undefined if the object does not exist.
   */
  mutate(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
    change: (draft: KubeObject) => void,
  ): KubeObject | undefined
  /** Like `mutate` with a whole new state; takes ownership of it. */
  replace(resource: ResourceName, object: KubeObject): KubeObject | undefined
  /** Returns the last state with the resourceVersion of the deletion. */
  remove(resource: ResourceName, namespace: string | undefined, name: string): KubeObject | undefined
  /** Calls `listener` for every later change of the resource, synchronously and in order. Returns the unsubscriber. */
  subscribe(resource: ResourceName, listener: (event: StoreEvent) => void): () => void
  /** The changes after a version; undefined if the history no longer reaches back that far (410 Gone). */
  since(resource: ResourceName, resourceVersion: number): StoreEvent[] | undefined
  /** Drops the history, so that every older resourceVersion is expired. */
  compact(): void
}

/** Container output, by pod uid and container name. */
export interface LogStore {
  append(podUid: string, container: string, chunk: Buffer): void
  /** The retained chunks, oldest first. Undefined if the container never started. */
  read(podUid: string, container: string): readonly LogChunk[] | undefined
  /** Marks the end of a container's output and ends its followers. */
  end(podUid: string, container: string): void
  /** Calls back for each new chunk and once at the end. Returns the unsubscriber. */
  follow(podUid: string, container: string, onChunk: (chunk: LogChunk) => void, onEnd: () => void): () => void
  remove(podUid: string): void
}

export interface LogChunk {
  data: Buffer
}
