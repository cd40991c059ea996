/** The status of an answer that is read to its end: a body that nobody reads holds its connection open. */
export async function statusOf(url: string, init?: RequestInit): Promise<number> {
  const response = await fetch(url, init)
  await response.arrayBuffer()
  return response.status
}
