export { RUNS } from './catalog.ts'
export { type CreateMarks, createMarks, type Marks } from './marks.ts'
export { openRuns } from './open.ts'
