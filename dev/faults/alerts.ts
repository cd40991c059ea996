/** The alerts that fault runs send, and how the Operario behind each name behaves. */
export const ALERTNAMES = [
  'FaultQuick',
  'FaultSlow',
  'FaultFailing',
  'FaultRestarting',
  'FaultBrief',
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
  /** Number of the alert's firing: a later one began after the end of an earlier one. */
  episode: number
  /** Sent as Alertmanager never would, so that it can't be remediated. */
  defective: boolean
}

export interface GroupPost {
  /** Unique in its seed. */
  group: string
  alerts: AlertPost[]
}

/** What the checker must know of an alert that was sent. */
export interface SentAlert extends AlertPost {
  group: string
}

const RECEIVER = 'opifer-faults'

/** A webhook as Alertmanager writes it. Times are made up, so that a seed always sends the same. */
export function webhookOf({ group, alerts }: GroupPost, scope: string): unknown {
  return {
    version: '4',
    receiver: RECEIVER,
    groupKey: groupKeyOf(group, scope),
    truncatedAlerts: 0,
    status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://alertmanager.test',
    alerts: alerts.map((alert) => alertOf(alert, scope)),
  }
}

/** @param scope tells the groups of one seed from those of another */
function groupKeyOf(group: string, scope: string): string {
  return `{}:{group="${group}",scope="${scope}"}`
}

function alertOf({ alertname, instance, status, episode, defective }: AlertPost, scope: string): unknown {
  const name = defective ? {} : { alertname }
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
