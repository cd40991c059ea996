import { generate } from 'selfsigned'

/** A server certificate, and the certificate authority that clients trust it by. All of them live as long as the process. */
export interface Certificates {
  ca: string
  cert: string
  key: string
}

/** @param host a name that clients know the server by, besides localhost */
export async function createCertificates(host?: string): Promise<Certificates> {
  const curve = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const
  const authority = await generate([{ name: 'commonName', value: 'devcluster-ca' }], {
    ...curve,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const server = await generate([{ name: 'commonName', value: 'devcluster' }], {
    ...curve,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          ...(host === undefined ? [] : [{ type: 2 as const, value: host }]),
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { ca: authority.cert, cert: server.cert, key: server.private }
}
