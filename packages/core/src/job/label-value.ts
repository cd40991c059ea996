/**
 * Turns a text into a valid Kubernetes label value: at most 63 characters of `[A-Za-z0-9._-]` that start and end with a
 * letter or digit, or empty (kubernetes.io/docs/concepts/overview/working-with-objects/labels).
 */
export function labelValue(text: string): string {
  return text
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63)
    .replace(/[^A-Za-z0-9]+$/, '')
}
