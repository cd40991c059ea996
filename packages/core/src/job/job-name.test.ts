import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostileText } from '../testing/arbitraries.ts'
import { DNS_LABEL } from '../testing/kubernetes.ts'
import { jobName } from './job-name.ts'

describe('jobName', () => {
  it.each([
    ['cleanup-disk-space', 'cleanup-disk-space'],
    ['Cleanup.Disk_Space', 'cleanup-disk-space'],
    ['generated-', 'generated'],
    ['größe', 'gr--e'],
    ['', 'opifer'],
    ['---', 'opifer'],
  ])('begins the name of %j with %j', (author, want) => {
    expect(jobName(author, 'e', 0).replace(/-[0-9a-f]{16}$/, '')).toBe(want)
  })

  it('keeps the hash of a long name whole', () => {
    const [short, long] = [jobName('a', 'e', 0), jobName('a'.repeat(300), 'e', 0)]
    expect(long.slice(-16)).toBe(short.slice(-16))
    expect(long).toMatch(/^a{40}-[0-9a-f]{16}$/)
  })

  it('leaves room for the index of an Indexed Job, which is part of the host name of its pods', () => {
    expect(`${jobName('a'.repeat(300), 'e', 0)}-99999`.length).toBeLessThanOrEqual(63)
  })

  it('is another for each episode and for each number', () => {
    const names = [jobName('a', 'e', 0), jobName('a', 'e', 1), jobName('a', 'f', 0), jobName('a', 'e1', 0)]
    expect(new Set(names).size).toBe(4)
  })

  it('is a DNS label and the same every time, whatever the author wrote', () => {
    fc.assert(
      fc.property(hostileText, fc.string(), fc.nat(), (author, episode, number) => {
        const name = jobName(author, episode, number)
        expect(name).toMatch(DNS_LABEL)
        expect(name.length).toBeLessThanOrEqual(63)
        expect(jobName(author, episode, number)).toBe(name)
      }),
      { numRuns: 300 },
    )
  })
})
