import { expect, test } from 'vitest'
import { address } from '../../config/values.ts'
import { exposureFault } from './exposure.ts'

const addr = (text: string) => address(text).parse(undefined)

test.each(['127.0.0.1:8080', '127.9.9.9:1', '[::1]:8080', 'localhost:8080'])('%s may be open to all', (text) => {
  expect(exposureFault(addr(text), 'none', false)).toBeUndefined()
})

test.each([':8080', '0.0.0.0:8080', '[::]:8080', '10.0.0.1:8080', 'opifer:8080', '127.0.0.1.example.com:80'])(
  '%s needs authentication, or that it is said in so many words',
  (text) => {
    expect(exposureFault(addr(text), 'none', false)).toMatch(/--authMethod.*--allowUnauthenticated=true$/)
    expect(exposureFault(addr(text), 'none', true)).toBeUndefined()
    expect(exposureFault(addr(text), 'basic', false)).toBeUndefined()
  },
)
