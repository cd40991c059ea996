import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostileText } from '../testing/arbitraries.ts'
import { DNS_LABEL } from '../testing/kubernetes.ts'
import { jobName, jobNumber } from './job-name.ts'

describe('jobName', () => {
  test.each([
    ['cleanup-disk-space', 'cleanup-disk-space'],
    ['Cleanup.Disk_Space', 'cleanup-disk-space'],
    ['generated-', 'generated'],
    ['größe', 'gr--e'],
    ['', 'opifer'],
    ['---', 'opifer'],
  ])('jobName turns the author’s name %j into %j', (author, want) => {
    expect(jobName(author, 'e', 0).replace(/-[0-9a-f]{16}-0$/, '')).toBe(want)
  })

  test('jobName keeps the whole hash and number of a long name', () => {
    const [short, long] = [jobName('a', 'e', 0), jobName('a'.repeat(300), 'e', 0)]
    expect(long.slice(-18)).toBe(short.slice(-18))
    expect(long).toMatch(/^a{38}-[0-9a-f]{16}-0$/)
  })

  test('jobName leaves room for the index of an Indexed Job, which is part of the host name of its pods', () => {
    expect(`${jobName('a'.repeat(300), 'e', 0)}-99999`.length).toBeLessThanOrEqual(63)
  })

  test('jobName differs for each alert key and for each number', () => {
    const names = [jobName('a', 'e', 0), jobName('a', 'e', 1), jobName('a', 'f', 0), jobName('a', 'e1', 0)]
    expect(new Set(names).size).toBe(4)
  })

  test('jobName is a DNS label and the same every time, whatever the author wrote', () => {
    fc.assert(
      fc.property(hostileText, fc.string(), fc.nat(), (author, alertKey, number) => {
        const name = jobName(author, alertKey, number)
        expect(name).toMatch(DNS_LABEL)
        expect(`${name}-99999`.length).toBeLessThanOrEqual(63)
        expect(jobName(author, alertKey, number)).toBe(name)
      }),
      { numRuns: 300 },
    )
  })
})

describe('jobNumber', () => {
  test('jobNumber is the inverse of jobName', () => {
    fc.assert(
      fc.property(hostileText, fc.string(), fc.nat(), (author, alertKey, number) => {
        expect(jobNumber(jobName(author, alertKey, number))).toBe(number)
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    '',
    'cleanup',
    'cleanup-1',
    `cleanup-${'0'.repeat(16)}`,
    `cleanup-${'0'.repeat(16)}-`,
    `cleanup-${'0'.repeat(16)}-x`,
    `cleanup-${'0'.repeat(16)}-1-2`,
  ])('jobNumber finds no number in the name %j', (name) => {
    expect(jobNumber(name)).toBeUndefined()
  })
})
