import { describe, expect, test } from 'vitest'
import { PermanentError, RetryError } from '../../errors.ts'
import { ApiError, classify, isIndeterminate, type Missing, NO_REASON, NoAnswerError, overload } from './errors.ts'

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
])('an error with code $code is classified as $kind', ({ code, kind }) => {
  const cause = new ApiError({ code, reason: 'Because', message: 'of that', retryAfterMs: 3_000 })
  const error = classify(cause, 'creating Job a/b')
  expect(error).toBeInstanceOf(kind === 'permanent' ? PermanentError : RetryError)
  expect(error.message).toBe(`creating Job a/b: the API server answered ${code} Because: of that`)
  expect(error.cause).toBe(cause)
  expect('retryAfterMs' in error && error.retryAfterMs).toBe(kind === 'retry' && 3_000)
})

test.each([
  {
    thrown: new NoAnswerError('credentials', new Error('no token file')),
    want: 'no credentials for the API server (no token file)',
  },
  {
    thrown: new NoAnswerError('connection', Object.assign(new Error('no'), { code: 'ECONNREFUSED' })),
    want: 'cannot reach the API server (ECONNREFUSED)',
  },
  { thrown: new NoAnswerError('answer', 'text'), want: 'the API server did not answer (text)' },
  { thrown: new SyntaxError('not JSON'), want: 'the API server did not answer (not JSON)' },
])('a call without a response is retryable: $want', ({ thrown, want }) => {
  const error = classify(thrown, 'reading Job a/b')
  expect(error).toBeInstanceOf(RetryError)
  expect(error.message).toBe(`reading Job a/b: ${want}`)
  expect(error.cause).toBe(thrown)
})

describe('overload', () => {
  test.each([
    [429, 3_000],
    [500, undefined],
    [503, undefined],
    [504, undefined],
  ])('a %i is an overload with the pause that it asks for', (code, retryAfterMs) => {
    const error = new ApiError({ code, reason: 'Busy', message: '', retryAfterMs })
    expect(overload(error)).toEqual({ pauseMs: retryAfterMs ?? 0 })
  })

  test.each<Missing>(['connection', 'answer'])('a call without %s is an overload', (missing) => {
    expect(overload(new NoAnswerError(missing, new Error('no')))).toEqual({ pauseMs: 0 })
  })

  test.each([
    { what: 'a call without credentials', error: new NoAnswerError('credentials', new Error('no')) },
    {
      what: 'a lost lease',
      error: new RetryError('another worker has taken over the run'),
    },
    { what: 'an error from Redis', error: new Error('LOADING Redis is loading the dataset in memory') },
  ])('$what is not an overload', ({ error }) => {
    expect(overload(error)).toBeUndefined()
  })

  test.each([400, 403, 404, 409, 422])('a %i is not an overload', (code) => {
    expect(overload(new ApiError({ code, reason: 'Other', message: '' }))).toBeUndefined()
  })
})

test.each<{ what: string; error: unknown; want: boolean }>([
  { what: 'no credentials', error: new NoAnswerError('credentials', new Error('no')), want: false },
  { what: 'no connection', error: new NoAnswerError('connection', new Error('no')), want: false },
  { what: 'no response', error: new NoAnswerError('answer', new Error('no')), want: true },
  { what: 'half a response', error: new SyntaxError('not JSON'), want: true },
  { what: '429', error: status(429, 'TooManyRequests'), want: false },
  { what: '429 without a reason', error: status(429, NO_REASON), want: false },
  { what: '500 from a webhook', error: status(500, 'InternalError', 'failed calling webhook'), want: false },
  { what: '500 from etcd', error: status(500, 'InternalError', 'etcdserver: request timed out'), want: true },
  { what: '500 ServerTimeout', error: status(500, 'ServerTimeout'), want: true },
  { what: '500 without a reason', error: status(500, NO_REASON, 'rpc error: transport is closing'), want: true },
  { what: '502', error: status(502, 'BadGateway'), want: true },
  { what: '503', error: status(503, 'ServiceUnavailable'), want: false },
  { what: '503 without a reason', error: status(503, NO_REASON), want: true },
  { what: '504', error: status(504, 'Timeout'), want: true },
])('a call that failed with $what is indeterminate: $want', ({ error, want }) => {
  expect(isIndeterminate(error)).toBe(want)
})

function status(code: number, reason: string, message = ''): ApiError {
  return new ApiError({ code, reason, message })
}
