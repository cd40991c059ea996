/** Without vowels, so that no name becomes a word; see k8s.io/apimachinery/pkg/util/rand. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** A prefix of at most 58 characters and five random ones, which fit a DNS label. */
export function randomName(prefix: string, random: () => number): string {
  const suffix = Array.from({ length: 5 }, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join('')
  return prefix.slice(0, 58) + suffix
}
