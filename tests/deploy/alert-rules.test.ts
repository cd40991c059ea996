/** The alerts of the monitoring component: each is known to fire, known to stay silent, and says what to do. */
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

test('Prometheus takes the rules, and each fires and stays silent as its tests say', async (context) => {
  context.skip(NO_PROMTOOL, 'there is no promtool on the PATH')
  const folder = await mkdtemp(join(tmpdir(), 'opifer-rules-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  // JSON is valid YAML.
  await writeFile(join(folder, 'rules.yaml'), JSON.stringify(spec))
  await copyFile(join(MONITORING, 'rules.test.yaml'), join(folder, 'rules.test.yaml'))
  const promtool = (...args: string[]) => promisify(execFile)('promtool', args, { cwd: folder })
  expect((await promtool('check', 'rules', 'rules.yaml')).stdout).toContain(`SUCCESS: ${rules.length} rules found`)
  expect((await promtool('test', 'rules', 'rules.test.yaml')).stdout).toContain('SUCCESS')
})

test('the rules of the local stack are taken too', async (context) => {
  context.skip(NO_PROMTOOL, 'there is no promtool on the PATH')
  const config = fromRoot('deploy/compose/prometheus/prometheus.yaml')
  const { stdout } = await promisify(execFile)('promtool', ['check', 'config', config])
  expect(stdout).toContain('SUCCESS')
})

test('each alert has a test in which it fires, and one in which it does not', () => {
  const all = new Set(rules.map(({ alert }) => alert))
  expect(tested((alerts) => alerts.length > 0)).toEqual(all)
  expect(tested((alerts) => alerts.length === 0)).toEqual(all)
})

test('each alert leads to a chapter of the runbooks', async () => {
  const runbooks = await readFile(fromRoot('docs/runbooks.md'), 'utf8')
  const anchors = [...runbooks.matchAll(/^## (\w+)$/gm)].map(([, title = '']) => title)
  expect(anchors.sort()).toEqual(rules.map(({ alert }) => alert).sort())
  for (const { alert, annotations } of rules) {
    expect(annotations.runbook_url).toMatch(new RegExp(`/docs/runbooks\\.md#${alert.toLowerCase()}$`))
  }
})

test('alerts and dashboard ask for metrics that the processes have', async () => {
  const documented = await readFile(fromRoot('docs/metrics.md'), 'utf8')
  const dashboard = await readFile(join(MONITORING, 'grafana-dashboard.json'), 'utf8')
  const asked = `${rules.map(({ expr }) => expr).join('\n')}\n${dashboard}`.match(/\b(opifer|openfero)_\w+/g) ?? []
  const names = new Set(asked.map((name) => name.replace(/_(bucket|count|sum)$/, '')))
  expect([...names].filter((name) => !documented.includes(`\`${name}\``))).toEqual([])
})

test('docs/metrics.md names the expressions that the alerts have', async () => {
  const [, section = ''] = (await readFile(fromRoot('docs/metrics.md'), 'utf8')).split('## What to alert on')
  const spans = [...section.replaceAll('\\|', '|').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
  const named = spans.filter((text) => /[<>=] ?[\d.]+$/.test(text))
  expect(named.length).toBeGreaterThan(10)
  const asked = rules.map(({ expr }) => expr.replace(/\s+/g, ' '))
  expect(named.filter((text) => !asked.some((expr) => expr.includes(text)))).toEqual([])
})

async function readYaml(name: string): Promise<unknown> {
  return load(await readFile(join(MONITORING, name), 'utf8'))
}

/** The alerts that have a test of this kind. */
function tested(isWanted: (alerts: unknown[]) => boolean): Set<string> {
  const checks = ruleTests.flatMap((one) => one.alert_rule_test)
  return new Set(checks.flatMap(({ alertname, exp_alerts }) => (isWanted(exp_alerts) ? [alertname] : [])))
}
