export { COMMON_OPTIONS } from './common.ts'
export { type Config, type ConfigParse, type Files, type Option, type Options, parseConfig } from './options.ts'
export {
  type Address,
  address,
  duration,
  hostPorts,
  integer,
  LONGEST_TIMER,
  oneOf,
  optionalAddress,
  optionalText,
  plainText,
} from './values.ts'
