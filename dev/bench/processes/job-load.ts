import { BatchV1Api, KubeConfig, type V1Job } from '@kubernetes/client-node'
import { serve } from '../helper.ts'
import { connectKube, jobsPath } from '@opifer/testkit'
import { sampleJob } from '../operario.ts'

/** The baselines of dispatch: bare creates of Jobs. */
export interface JobLoad {
  client: 'keep-alive loop' | 'client-node'
  kubeconfig: string
  jobs: number
  inFlight: number
  /** Prefix of the Jobs' names, which must be new. */
  round: string
}

/** Returns seconds. */
serve(async (load: JobLoad): Promise<number> => {
  const post = await (load.client === 'client-node' ? clientNode(load) : keepAliveLoop(load))
  const startedAt = performance.now()
  let started = 0
  await Promise.all(
    Array.from({ length: load.inFlight }, async () => {
      while (started < load.jobs) await post(`${load.round}-${++started}`)
    }),
  )
  return (performance.now() - startedAt) / 1_000
})

type Post = (name: string) => Promise<unknown>

const loops = new Map<string, Promise<Post>>()

function keepAliveLoop({ kubeconfig }: JobLoad): Promise<Post> {
  const loop = loops.get(kubeconfig) ?? createLoop(kubeconfig)
  loops.set(kubeconfig, loop)
  return loop
}

async function createLoop(kubeconfig: string): Promise<Post> {
  const kube = await connectKube(kubeconfig)
  const job = sampleJob(kube.namespace)
  const [before = '', after = ''] = JSON.stringify(job).split(JSON.stringify(job.metadata.name))
  return (name) => kube.call('POST', jobsPath(kube.namespace), `${before}"${name}"${after}`)
}

/** As in its documentation. */
async function clientNode({ kubeconfig }: JobLoad): Promise<Post> {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default'
  const api = config.makeApiClient(BatchV1Api)
  const job = sampleJob(namespace)
  return (name) => {
    const body = { ...job, metadata: { ...job.metadata, name } } as object as V1Job
    return api.createNamespacedJob({ namespace, body })
  }
}
