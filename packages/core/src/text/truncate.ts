/** Cuts a text to at most `maxBytes` of UTF-8 without splitting a character. */
export function truncateUtf8(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = Math.max(0, maxBytes)
  while (end > 0 && isContinuation(bytes[end])) end--
  return bytes.toString('utf8', 0, end)
}

/** Cuts a text for display and appends its original length. */
export function excerpt(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  // The cut may have split a surrogate pair.
  return `${text.slice(0, maxLength).toWellFormed()}… (${text.length} characters)`
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
