import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

type State = 'passed' | 'failed' | 'skipped'

/** Lists every skipped test and ends the run with one machine-readable line. */
export class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const skipped = tests.filter((test) => stateOf(test) === 'skipped')
    const count = (state: State) => tests.filter((test) => stateOf(test) === state).length
    // Failed hooks and imports fail the run, so they count.
    const failed = count('failed') + modules.flatMap(errorsOutsideTests).length + unhandledErrors.length

    for (const test of skipped) console.log(describeSkipped(test))
    console.log(`tests: ${count('passed')} passed, ${failed} failed, ${skipped.length} skipped`)
  }
}

/** A test without a result was never reached, for instance after a failed hook. */
function stateOf(test: TestCase): State {
  const { state } = test.result()
  return state === 'pending' ? 'skipped' : state
}

function errorsOutsideTests(module: TestModule): readonly unknown[] {
  const suites: readonly (TestModule | TestSuite)[] = [module, ...module.children.allSuites()]
  return suites.flatMap((suite) => suite.errors())
}

function describeSkipped(test: TestCase): string {
  const result = test.result()
  const reason = result.state === 'skipped' ? result.note : undefined
  const line = `skipped: ${test.module.relativeModuleId} > ${test.fullName}`
  return reason === undefined ? line : `${line} (${reason})`
}
