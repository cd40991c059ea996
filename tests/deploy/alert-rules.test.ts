/** The alerts of the monitoring component: each has tests in which it fires and stays silent, and a runbook. */
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findExecutable } from '@opifer/testkit'
import { load } from 'js-yaml'
import { beforeAll, expect, onTestFinished, test } from 'vitest'

interface Rule {
  alert: string
  expr: string
  annotations: { runbook_url: string }
}

interface RuleTest {
  alert_rule_test: { alertname: string; exp_alerts: unknown[] }[]
}

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const MONITORING = fromRoot('deploy/kustomize/components/monitoring')
const NO_PROMTOOL = findExecutable('promtool') === undefined

let spec: { groups: { rules: Rule[] }[] }
let rules: Rule[]
let ruleTests: RuleTest[]

beforeAll(async () => {
  ;({ spec } = (await readYaml('prometheus-rule.yaml')) as { spec: typeof spec })
  rules = spec.groups.flatMap((group) => group.rules)
  ;({ tests: ruleTests } = (await readYaml('rules.test.yaml')) as { tests: RuleTest[] })
})

test('promtool accepts the alerting rules, and their unit tests pass', async (context) => {
  context.skip(NO_PROMTOOL, 'promtool is not on the PATH')
  const folder = await mkdtemp(join(tmpdir(), 'opifer-rules-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  // JSON is valid YAML.
  await writeFile(join(folder, 'rules.yaml'), JSON.stringify(spec))
  await copyFile(join(MONITORING, 'rules.test.yaml'), join(folder, 'rules.test.yaml'))
  const promtool = (...args: string[]) => promisify(execFile)('promtool', args, { cwd: folder })
  expect((await promtool('check', 'rules', 'rules.yaml')).stdout).toContain(`SUCCESS: ${rules.length} rules found`)
  expect((await promtool('test', 'rules', 'rules.test.yaml')).stdout).toContain('SUCCESS')
})

test('promtool accepts the configuration of the local stack', async (context) => {
  context.skip(NO_PROMTOOL, 'promtool is not on the PATH')
  const config = fromRoot('deploy/compose/prometheus/prometheus.yaml')
  const { stdout } = await promisify(execFile)('promtool', ['check', 'config', config])
  expect(stdout).toContain('SUCCESS')
})

test('each alerting rule has a unit test in which it fires and one in which it does not', () => {
  const all = new Set(rules.map(({ alert }) => alert))
  expect(tested((alerts) => alerts.length > 0)).toEqual(all)
  expect(tested((alerts) => alerts.length === 0)).toEqual(all)
})

test('each alerting rule links to its section of the runbooks', async () => {
  const runbooks = await readFile(fromRoot('docs/runbooks.md'), 'utf8')
  const anchors = [...runbooks.matchAll(/^## (\w+)$/gm)].map(([, title = '']) => title)
  expect(anchors.sort()).toEqual(rules.map(({ alert }) => alert).sort())
  for (const { alert, annotations } of rules) {
    expect(annotations.runbook_url).toMatch(new RegExp(`/docs/runbooks\\.md#${alert.toLowerCase()}$`))
  }
})

test('alerting rules and the Grafana dashboard query only documented metrics', async () => {
  const documented = await readFile(fromRoot('docs/metrics.md'), 'utf8')
  const dashboard = await readFile(join(MONITORING, 'grafana-dashboard.json'), 'utf8')
  const queries = `${rules.map(({ expr }) => expr).join('\n')}\n${dashboard}`.match(/\b(opifer|openfero)_\w+/g) ?? []
  const names = new Set(queries.map((name) => name.replace(/_(bucket|count|sum)$/, '')))
  expect([...names].filter((name) => !documented.includes(`\`${name}\``))).toEqual([])
})

test('docs/metrics.md quotes the expressions of the alerting rules', async () => {
  const [, section = ''] = (await readFile(fromRoot('docs/metrics.md'), 'utf8')).split('## What to alert on')
  const spans = [...section.replaceAll('\\|', '|').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
  const named = spans.filter((text) => /[<>=] ?[\d.]+$/.test(text))
  expect(named.length).toBeGreaterThan(10)
  const expressions = rules.map(({ expr }) => expr.replace(/\s+/g, ' '))
  expect(named.filter((text) => !expressions.some((expr) => expr.includes(text)))).toEqual([])
})

async function readYaml(name: string): Promise<unknown> {
  return load(await readFile(join(MONITORING, name), 'utf8'))
}

/** The alerts that have such a unit test. */
function tested(isSuch: (alerts: unknown[]) => boolean): Set<string> {
  const checks = ruleTests.flatMap((one) => one.alert_rule_test)
  return new Set(checks.flatMap(({ alertname, exp_alerts }) => (isSuch(exp_alerts) ? [alertname] : [])))
}
