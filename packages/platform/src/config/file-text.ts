/** What a file holds as a setting: its last line ends with a line break that is no part of it. */
export function fileText(raw: string): string {
  return raw.replace(/\r?\n$/, '')
}
