import { generate } from 'selfsigned'

export type Certificates = Awaited<ReturnType<typeof makeCertificates>>

/** A certificate authority with a certificate for a server on 127.0.0.1; `client` issues one for a client. */
export async function makeCertificates() {
  const authority = await generate([{ name: 'commonName', value: 'test-ca' }], {
    ...CURVE,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  })
  const ca = { key: authority.private, cert: authority.cert }
  const server = await generate([{ name: 'commonName', value: 'test-server' }], {
    ...CURVE,
    ca,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  })
  const client = async (name: string) => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: name }], { ...CURVE, ca })
    return { cert, key }
  }
  return { ca: authority.cert, server: { cert: server.cert, key: server.private }, client }
}

const CURVE = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const
