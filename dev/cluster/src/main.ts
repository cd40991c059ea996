import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { load } from 'js-yaml'
import { z } from 'zod'
import { startDevCluster } from './dev-cluster.ts'

const USAGE = 'usage: devcluster [--port NUMBER] [--host NAME] [--kubeconfig FILE] [--images FILE]'

/** Which local program runs for an image, in YAML or JSON: `{"registry/name": {"command": ["program", "argument"]}}`. */
const imagesFile = z.record(z.string(), z.strictObject({ command: z.array(z.string()).min(1) }))

const settings = z.strictObject({
  port: z.coerce.number().int().min(0).max(65_535).default(0),
  host: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a lowercase host name')
    .optional(),
  kubeconfig: z.string().optional(),
  images: z.string().optional(),
})

async function main(): Promise<void> {
  const { port, host, kubeconfig, images } = settings.parse({ ...parseArgs({ options: flags }).values })
  const cluster = await startDevCluster({
    port,
    ...(host !== undefined && { host }),
    images: images === undefined ? {} : await readImages(images),
  })
  if (kubeconfig !== undefined) await cluster.writeKubeconfig(kubeconfig)

  const stop = (): void => void cluster.stop()
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  console.log(`devcluster: ready at ${cluster.url}${kubeconfig === undefined ? '' : `, kubeconfig ${kubeconfig}`}`)
}

const text = { type: 'string' } as const
const flags = { port: text, host: text, kubeconfig: text, images: text }

async function readImages(path: string): Promise<z.infer<typeof imagesFile>> {
  return imagesFile.parse(load(await readFile(path, 'utf8')))
}

try {
  await main()
} catch (error) {
  const why = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : 'unknown'
  console.error(`devcluster: ${why}\n${USAGE}`)
  process.exitCode = 1
}
