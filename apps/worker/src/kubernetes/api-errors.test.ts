import { describe, expect, test } from 'vitest'
import { PermanentError, RetryError } from '../errors.ts'
import { ApiError, classify, overload } from './api-errors.ts'

test.each([
  { code: 400, kind: 'permanent' },
  { code: 401, kind: 'retry' },
  { code: 403, kind: 'retry' },
  { code: 404, kind: 'retry' },
  { code: 405, kind: 'permanent' },
  { code: 406, kind: 'permanent' },
  { code: 408, kind: 'retry' },
  { code: 409, kind: 'retry' },
  { code: 410, kind: 'retry' },
  { code: 413, kind: 'permanent' },
  { code: 415, kind: 'permanent' },
  { code: 422, kind: 'permanent' },
  { code: 429, kind: 'retry' },
  { code: 500, kind: 'retry' },
  { code: 502, kind: 'retry' },
  { code: 503, kind: 'retry' },
  { code: 504, kind: 'retry' },
])('$code is $kind', ({ code, kind }) => {
  const cause = new ApiError({ code, reason: 'Because', message: 'it is so', retryAfterMs: 3_000 })
  const error = classify(cause, 'creating Job a/b')
  expect(error).toBeInstanceOf(kind === 'permanent' ? PermanentError : RetryError)
  expect(error.message).toBe(`creating Job a/b: the API server answered ${code} Because: it is so`)
  expect(error.cause).toBe(cause)
  expect('retryAfterMs' in error && error.retryAfterMs).toBe(kind === 'retry' && 3_000)
})

test.each([
  { thrown: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), want: 'ECONNREFUSED' },
  { thrown: new Error('the token file is gone'), want: 'the token file is gone' },
  { thrown: 'text', want: 'text' },
])('what is no answer may pass: $want', ({ thrown, want }) => {
  const error = classify(thrown, 'reading Job a/b')
  expect(error).toBeInstanceOf(RetryError)
  expect(error.message).toBe(`reading Job a/b: the API server did not answer (${want})`)
  expect(error.cause).toBe(thrown)
})

describe('an overloaded API server', () => {
  test.each([
    [429, 3_000],
    [500, undefined],
    [503, undefined],
    [504, undefined],
  ])('is told by %i, with the pause that it asks for', (code, retryAfterMs) => {
    const error = new ApiError({ code, reason: 'Busy', message: '', retryAfterMs })
    expect(overload(error)).toEqual({ pauseMs: retryAfterMs ?? 0 })
  })

  test('is told by no answer at all', () => {
    expect(overload(new TypeError('connection refused'))).toEqual({ pauseMs: 0 })
  })

  test.each([400, 403, 404, 409, 422])('is not told by %i', (code) => {
    expect(overload(new ApiError({ code, reason: 'Other', message: '' }))).toBeUndefined()
  })
})
