import type { HistoryWriter } from '@opifer/history'
import type { Logger } from '@opifer/platform/telemetry'

/** A history that holds no run up: the remedy goes first, and that it can't be told is for the log. */
export function tolerant(writer: HistoryWriter, log: Logger): HistoryWriter {
  const told = (writing: Promise<void>) =>
    writing.catch((err: unknown) => log.error({ err }, 'the history does not take what became of a run'))
  return {
    began: (run, at) => told(writer.began(run, at)),
    created: (run, lock) => told(writer.created(run, lock)),
    attemptFailed: (runId, error) => told(writer.attemptFailed(runId, error)),
    ended: (run, lock, jobTimes) => told(writer.ended(run, lock, jobTimes)),
  }
}
