import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

type Ending = 'passed' | 'failed' | 'skipped'

/** Names every skipped test and closes the run with one line that a program can read. */
export class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const skipped = tests.filter((test) => endingOf(test) === 'skipped')
    const count = (ending: Ending) => tests.filter((test) => endingOf(test) === ending).length
    // What fails outside a test, such as a hook or an import, fails the run and so belongs to the count.
    const failed = count('failed') + modules.flatMap(errorsOutsideTests).length + unhandledErrors.length

    for (const test of skipped) console.log(describeSkipped(test))
    console.log(`tests: ${count('passed')} passed, ${failed} failed, ${skipped.length} skipped`)
  }
}

/** A test without a result was never reached, as after a failed hook. */
function endingOf(test: TestCase): Ending {
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
