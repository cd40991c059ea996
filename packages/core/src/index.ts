export {
  type Alert,
  type AlertStatus,
  type InvalidAlert,
  isInvalid,
  MAX_ALERT_CHARACTERS,
  parseAlert,
} from './alert/alert.ts'
export { fingerprint } from './alert/fingerprint.ts'
export { type LabelSet, labelSet } from './alert/label-set.ts'
export { compileMatchers, type Matcher, type MatchersParse, parseMatchers } from './alert/matchers.ts'
export { parseWebhook, type Webhook, type WebhookParse } from './alert/webhook.ts'
export { ANNOTATION, ENV, LABEL, LABEL_ENV_PREFIX, OPERARIO } from './contract.ts'
export { buildJob, type JobBuild, type JobManifest, type JobRequest, type JobSettings } from './job/build-job.ts'
export { jobName, jobNumber } from './job/job-name.ts'
export { type JobState, type JobTimes, type JobWithStatus, jobState } from './job/job-status.ts'
export { type OperarioAddress, operarioAddress } from './operario/name.ts'
export {
  type Operario,
  type OperarioConfigMap,
  type OperarioManifest,
  readOperario,
  type Resolution,
} from './operario/operario.ts'
export {
  alertId,
  alertKeyOf,
  type DedupScope,
  groupKeyHash,
  type Identity,
  identify,
  type Origin,
} from './run/identity.ts'
export { type ContainerExit, isDone, OUTCOMES, type Outcome, type Result } from './run/outcome.ts'
export { isOver, type ResolvedMark } from './run/firing.ts'
export { retryRun } from './run/retry.ts'
export { type JobRef, type OperarioRef, type Run, runSchema } from './run/run.ts'
export { parseDuration } from './text/duration.ts'
export { sha256 } from './text/hash.ts'
export { excerpt } from './text/truncate.ts'
