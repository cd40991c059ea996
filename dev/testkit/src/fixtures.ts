import { readFileSync } from 'node:fs'

export type FixtureName =
  | 'alertmanager/firing-two-alerts.json'
  | 'alertmanager/firing-group-with-one-resolved.json'
  | 'alertmanager/resolved.json'
  | 'operarios-guide/configmap.yaml'
  | 'operarios-guide/test-alert.json'

/** A captured or documented message, byte for byte. */
export function loadFixture(name: FixtureName): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
}
