import * as fc from 'fast-check'
import { type LabelSet, labelSet } from '../alert/label-set.ts'

/** What an attacker would put into a label. */
const hostileUnit = fc.constantFrom(
  '$',
  '$(',
  '(',
  ')',
  '$$(',
  'PATH',
  '\0',
  '\n',
  '\ud83d',
  '\udd25',
  'é',
  '😀',
  '"',
  '\\',
  '=',
)

/** Every code point, including halves of surrogate pairs. */
const anyUnit = fc.integer({ min: 0, max: 0x10ffff }).map((codePoint) => String.fromCodePoint(codePoint))

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: anyUnit }),
  fc.string({ unit: hostileUnit }),
  fc.constantFrom('$(OPIFER_RUN_ID)', '$$(PATH)', '{{ .Secret }}', '; rm -rf /', '../../etc/passwd', '$é'),
)

/** Too long for an environment variable, with characters of every byte length at the cut. */
const hugeText = fc
  .tuple(fc.constantFrom('x', 'é', '✓', '😀', '$', '"', '\u0001'), fc.integer({ min: 20_000, max: 100_000 }))
  .map(([unit, times]) => unit.repeat(times))

const labelName = fc.oneof(
  fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,20}$/),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a-b', 'a.b', 'a_b', 'A_B', 'größe', ''),
  hostileText,
)

export const hostileLabels: fc.Arbitrary<LabelSet> = fc
  .array(fc.tuple(labelName, fc.oneof({ weight: 20, arbitrary: hostileText }, { weight: 1, arbitrary: hugeText })), {
    maxLength: 12,
  })
  .map((entries) => labelSet(Object.fromEntries(entries)))
