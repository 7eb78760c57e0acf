import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createAuthority, type CertificateFlaw } from './authority.js';

/** What a client that trusts the authority says about the certificate for `name`. */
async function handshake(name: string, flaw: CertificateFlaw): Promise<string> {
  const authority = createAuthority();
  const server = createServer({ SNICallback: (_, done) => done(null, authority.certificate([name], flaw).context) });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername: name, ca: [authority.pem] });
  try {
    await once(socket, 'secureConnect');
    return 'trusted';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    socket.destroy();
    server.close();
  }
}

describe('authority', () => {
  it.each([
    ['none', 'trusted'],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['other-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['unknown-issuer', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ] as const)('%s is seen as %s', async (flaw, seen) => {
    expect(await handshake('payments.example', flaw)).toBe(seen);
  });

  it('signs for long names and trusts nobody else', async () => {
    expect(await handshake(`${'a'.repeat(60)}.${'b'.repeat(60)}.example`, 'none')).toBe('trusted');
    const [one, other] = [createAuthority(), createAuthority()];
    expect(new X509Certificate(one.pem).verify(new X509Certificate(other.pem).publicKey)).toBe(false);
  });

  it('is a certificate authority by its own words', () => {
    const certificate = new X509Certificate(createAuthority().pem);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });
});
