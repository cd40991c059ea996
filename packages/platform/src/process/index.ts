export { type Process, runProcess } from './process.ts'
export { every, withTimeout } from './timers.ts'
export { VERSION } from './version.ts'
