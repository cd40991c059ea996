export { COMMON_OPTIONS } from './common.ts'
export { type Config, type Options, parseConfig } from './options.ts'
export { address, duration, integer, LONGEST_TIMER, oneOf, optionalString, string } from './values.ts'
