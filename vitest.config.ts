import { defineConfig } from 'vitest/config'
import { ClosingLineReporter } from './dev/testkit/src/closing-line-reporter.ts'
import { PATIENCE } from './dev/testkit/src/eventually.ts'

/** Tests under src/ that start programs or several servers: too slow for the edit loop, so they belong to `system`. */
const SLOW = [
  'apps/*/src/main.test.ts',
  'dev/cluster/src/main.test.ts',
  'dev/cluster/src/**/kubectl.test.ts',
  'dev/testkit/src/{alertmanager,closing-line-reporter,leak-check}.test.ts',
  'dev/testkit/src/redis/{cluster,sentinel}.test.ts',
  'packages/{history,queue}/src/**/cluster.test.ts',
  'packages/platform/src/process/process.test.ts',
  'packages/platform/src/redis/{coalesce-writes,connect}.test.ts',
]

const project = (name: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, include, exclude: ['**/node_modules/**', ...exclude] },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', ['{apps,dev,packages}/*/src/**/*.test.ts'], ['dev/faults/**', ...SLOW]),
      project('system', ['tests/**/*.test.ts', ...SLOW]),
      project('faults', ['dev/faults/**/*.test.ts']),
    ],
    setupFiles: ['dev/testkit/src/leak-check.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: PATIENCE },
    reporters: ['default', new ClosingLineReporter()],
  },
})
