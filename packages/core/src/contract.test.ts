import { describe, expect, it } from 'vitest'
import { ANNOTATION, ENV, LABEL, LABEL_ENV_PREFIX, OPERARIO } from './contract.ts'
import { ENV_NAME, isLabelKey } from './testing/kubernetes.ts'

describe('the contract', () => {
  it("keeps OpenFero's keys, which users' ConfigMaps, dashboards and scripts rely on", () => {
    expect(LABEL).toMatchObject({
      alert: 'openfero.io/alert',
      groupKey: 'openfero.io/group-key',
      status: 'openfero.io/status',
    })
    expect(OPERARIO.disabled).toBe('openfero/job-disabled')
    expect(LABEL_ENV_PREFIX).toBe('OPENFERO_')
  })

  it.each([...Object.values(LABEL), ...Object.values(ANNOTATION), ...Object.values(OPERARIO)])(
    'calls nothing %s that Kubernetes would refuse',
    (key) => {
      expect(isLabelKey(key)).toBe(true)
    },
  )

  it.each(Object.values(ENV))('gives %s a name that no label can take', (name) => {
    expect(name).toMatch(ENV_NAME)
    expect(name.startsWith(LABEL_ENV_PREFIX)).toBe(false)
  })
})
