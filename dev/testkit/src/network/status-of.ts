/** The status of a response, whose body is read because an unread one keeps the connection open. */
export async function statusOf(url: string, init?: RequestInit): Promise<number> {
  const response = await fetch(url, init)
  await response.arrayBuffer()
  return response.status
}
