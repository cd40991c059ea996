import { defineConfig } from 'vitest/config'
import { ClosingLineReporter } from './packages/testkit/src/closing-line-reporter.ts'

export default defineConfig({
  test: {
    include: ['{apps,packages}/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    setupFiles: ['packages/testkit/src/leak-check.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', new ClosingLineReporter()],
  },
})
