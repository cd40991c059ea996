/** The resources that the development cluster serves, by their plural name in the API's paths. */
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

/** Any Kubernetes object as it stands in JSON. What the store hands out is deeply frozen: change it by `mutate`. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  [field: string]: unknown
}

export type StoreEventType = 'ADDED' | 'MODIFIED' | 'DELETED'

export interface StoreEvent {
  type: StoreEventType
  /** The object after the change; for DELETED its last state, carrying the resourceVersion of the deletion. */
  object: KubeObject
  /** The object before a change: a watch with a selector must know whether it matched until now. */
  previous?: KubeObject
}

/** The cluster's memory: one sequence of resource versions over all resources, as etcd's revision. All calls are synchronous and atomic. */
export interface Store {
  /** The version of the newest change. */
  readonly resourceVersion: number
  /**
   * Takes the object over, sets uid (unless it has one), resourceVersion and creationTimestamp, and freezes it.
   * Throws `AlreadyExists` when the name is taken.
   */
  create(resource: ResourceName, object: KubeObject): KubeObject
  get(resource: ResourceName, namespace: string | undefined, name: string): KubeObject | undefined
  /** In order of namespace and name; all namespaces when none is given. */
  list(resource: ResourceName, namespace?: string): KubeObject[]
  /**
   * Applies `change` to a deep copy and stores it under a new resourceVersion; a change that alters nothing stores nothing.
   * Undefined when there is no such object.
   */
  mutate(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
    change: (draft: KubeObject) => void,
  ): KubeObject | undefined
  /** Stores a whole new state as `mutate` does, taking the object over. Undefined when there is no object of that name. */
  replace(resource: ResourceName, object: KubeObject): KubeObject | undefined
  /** Returns the last state, carrying the resourceVersion of the deletion. */
  remove(resource: ResourceName, namespace: string | undefined, name: string): KubeObject | undefined
  /** Calls `listener` for every change of the resource from now on, synchronously and in order. Returns the unsubscriber. */
  subscribe(resource: ResourceName, listener: (event: StoreEvent) => void): () => void
  /**
   * The changes of a resource after a version, for a watch that starts in the past; `undefined` when history no longer
   * reaches back so far (the API answers 410 Gone).
   */
  since(resource: ResourceName, resourceVersion: number): StoreEvent[] | undefined
  /** Forgets history, so that every older resourceVersion is expired. */
  compact(): void
}

/** What containers wrote, by pod uid and container name. */
export interface LogStore {
  append(podUid: string, container: string, chunk: Buffer): void
  /** Everything kept so far, oldest first, with the time at which each chunk came. Undefined when the container never started. */
  read(podUid: string, container: string): readonly LogChunk[] | undefined
  /** Marks the end of a container's output: followers are done. */
  end(podUid: string, container: string): void
  /** Calls back for chunks to come and once at the end. Returns the unsubscriber. */
  follow(podUid: string, container: string, onChunk: (chunk: LogChunk) => void, onEnd: () => void): () => void
  remove(podUid: string): void
}

export interface LogChunk {
  time: Date
  data: Buffer
}
