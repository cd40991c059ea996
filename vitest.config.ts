import { defineConfig } from 'vitest/config'
import { ClosingLineReporter } from './dev/testkit/src/closing-line-reporter.ts'

export default defineConfig({
  test: {
    include: ['{apps,dev,packages}/*/src/**/*.test.ts', 'dev/faults/**/*.test.ts', 'tests/**/*.test.ts'],
    setupFiles: ['dev/testkit/src/leak-check.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', new ClosingLineReporter()],
  },
})
