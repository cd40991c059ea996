import { describe, expect, it } from 'vitest'
import { expand } from './expand.ts'

const variables = new Map([
  ['A', 'alpha'],
  ['B', 'beta'],
  ['EMPTY', ''],
  ['REFERENCE', '$(A)'],
])
const expanded = (input: string): string => expand(input, (name) => variables.get(name))

describe('expand', () => {
  it.each([
    ['$(A)', 'alpha', 'a reference becomes the value'],
    ['-$(A)-$(B)-', '-alpha-beta-', 'references stand anywhere'],
    ['x$(EMPTY)y', 'xy', 'a value may be empty'],
    ['$(REFERENCE)', '$(A)', 'a value is not expanded again'],
    ['$(NOBODY)', '$(NOBODY)', 'an unknown variable stays'],
    ['$()', '$()', 'an empty name is unknown'],
    ['$(constructor)', '$(constructor)', 'a name is looked up among variables only'],
    ['$$(A)', '$(A)', 'a doubled operator escapes a reference'],
    ['$$$(A)', '$alpha', 'an escape ends before the next reference'],
    ['$$$$(A)', '$$(A)', 'each pair is one operator'],
    ['a$$b', 'a$b', 'an escape needs no reference'],
    ['$(A$(B))', '$(A$(B))', 'names do not nest'],
    ['$(A$$B)', '$(A$$B)', 'nothing is escaped inside a name'],
    ['$(A', '$(A', 'a reference without end stays'],
    ['$($$', '$($', 'an escape behind a reference without end counts'],
    ['$(A)$(', 'alpha$(', 'an opener at the end stays'],
    ['cost: 5$', 'cost: 5$', 'an operator at the end stays'],
    ['$A ${A}', '$A ${A}', 'the syntax of shells means nothing'],
    ['\\$(A)', '\\alpha', 'a backslash escapes nothing'],
    ['$(A)\n$(B)', 'alpha\nbeta', 'lines do not matter'],
  ])('%j becomes %j: %s', (input, want) => {
    expect(expanded(input)).toBe(want)
  })

  it('takes linear time for references without end', () => {
    const hostile = '$('.repeat(500_000)
    expect(expanded(hostile)).toBe(hostile)
  })
})
