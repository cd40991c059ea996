import type { Field, Message } from './decode.ts'

/*
 * The messages of `kubectl create namespace`, `create configmap` and `create job`, with the numbers of k8s.io/api and
 * k8s.io/apimachinery, generated.proto. Everything else that kubectl writes comes as JSON.
 */

const string = (name: string): Field => ({ name, type: 'string' })
const strings = (name: string): Field => ({ name, type: 'string', repeated: true })
const int = (name: string): Field => ({ name, type: 'int' })
const bool = (name: string): Field => ({ name, type: 'bool' })
const stringMap = (name: string): Field => ({ name, type: 'stringMap' })
const one = (name: string, type: Message): Field => ({ name, type })
const many = (name: string, type: Message): Field => ({ name, type, repeated: true })
const ignored = (name: string): Field => ({ name, type: 'ignored' })

const objectMeta: Message = {
  1: string('name'),
  2: string('generateName'),
  3: string('namespace'),
  4: string('selfLink'),
  5: string('uid'),
  6: string('resourceVersion'),
  7: ignored('generation'),
  8: ignored('creationTimestamp'),
  11: stringMap('labels'),
  12: stringMap('annotations'),
}

const envVar: Message = { 1: string('name'), 2: string('value') }

const container: Message = {
  1: string('name'),
  2: string('image'),
  3: strings('command'),
  4: strings('args'),
  5: string('workingDir'),
  7: many('env', envVar),
  8: one('resources', {}),
  13: string('terminationMessagePath'),
  14: string('imagePullPolicy'),
  16: bool('stdin'),
  17: bool('stdinOnce'),
  18: bool('tty'),
  20: string('terminationMessagePolicy'),
}

const podSpec: Message = {
  2: many('containers', container),
  3: string('restartPolicy'),
  4: int('terminationGracePeriodSeconds'),
  5: int('activeDeadlineSeconds'),
  6: string('dnsPolicy'),
  8: string('serviceAccountName'),
  9: string('serviceAccount'),
  10: string('nodeName'),
  11: bool('hostNetwork'),
  12: bool('hostPID'),
  13: bool('hostIPC'),
  16: string('hostname'),
  17: string('subdomain'),
  19: string('schedulerName'),
  20: many('initContainers', container),
  24: string('priorityClassName'),
}

const jobSpec: Message = {
  1: int('parallelism'),
  2: int('completions'),
  3: int('activeDeadlineSeconds'),
  6: one('template', { 1: one('metadata', objectMeta), 2: one('spec', podSpec) }),
  7: int('backoffLimit'),
  8: int('ttlSecondsAfterFinished'),
  9: string('completionMode'),
  10: bool('suspend'),
}

export const messages: Readonly<Record<string, Message>> = {
  Namespace: { 1: one('metadata', objectMeta), 2: ignored('spec'), 3: ignored('status') },
  ConfigMap: {
    1: one('metadata', objectMeta),
    2: stringMap('data'),
    3: { name: 'binaryData', type: 'bytesMap' },
    4: bool('immutable'),
  },
  Job: { 1: one('metadata', objectMeta), 2: one('spec', jobSpec), 3: ignored('status') },
}
