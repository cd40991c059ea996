/** The alerts that fault runs send; `operarios.ts` says how the Operario behind each name behaves. */
export const ALERTNAMES = [
  'FaultQuick',
  'FaultSlow',
  'FaultFailing',
  'FaultRestarting',
  'FaultBrief',
  'FaultBriefFailing',
  'FaultFlapping',
  'FaultAgain',
  'FaultDisabled',
  'FaultBroken',
  'FaultAbsent',
] as const

export type Alertname = (typeof ALERTNAMES)[number]

export interface AlertPost {
  alertname: Alertname
  instance: string
  status: 'firing' | 'resolved'
  /** Counts the alert's firings from 0: each begins after the previous one has ended. */
  episode: number
  /** Sent without an alertname, as Alertmanager never would: it can't be remediated. */
  invalid: boolean
}

export interface GroupPost {
  /** Unique within a schedule. */
  group: string
  alerts: AlertPost[]
}

export interface SentAlert extends AlertPost {
  group: string
}

/**
 * A webhook as Alertmanager writes it. Times are derived from the episode, so a schedule always sends the same alerts.
 *
 * @param scope keeps the groups of one play apart from those of another in the same environment
 */
export function webhookOf({ group, alerts }: GroupPost, scope: string): unknown {
  return {
    version: '4',
    receiver: 'opifer-faults',
    groupKey: `{}:{group="${group}",scope="${scope}"}`,
    truncatedAlerts: 0,
    status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://alertmanager.test',
    alerts: alerts.map((alert) => alertOf(alert, scope)),
  }
}

function alertOf({ alertname, instance, status, episode, invalid }: AlertPost, scope: string): unknown {
  const name = invalid ? {} : { alertname }
  return {
    status,
    labels: { ...name, instance, scope },
    annotations: { summary: 'sent by a fault run' },
    startsAt: startsAt(episode),
    endsAt: status === 'resolved' ? endsAt(episode) : '0001-01-01T00:00:00Z',
    generatorURL: 'http://prometheus.test',
  }
}

const BASE = Date.UTC(2026, 0, 1)
const EPISODE_MS = 60_000

function startsAt(episode: number): string {
  return new Date(BASE + episode * EPISODE_MS).toISOString()
}

function endsAt(episode: number): string {
  return new Date(BASE + (episode + 0.5) * EPISODE_MS).toISOString()
}
