import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { issueCertificate } from './certificate.js';

/** Certificates as production's servers are recorded to have shown them: in order, or wrong in one way. */
export type CertificateFlaw = 'none' | 'expired' | 'other-name' | 'self-signed' | 'unknown-issuer';

/** Signs for the recorded names; a new one for every run, trusted by nobody else. */
export interface Authority {
  /** The CA certificate, for `NODE_EXTRA_CA_CERTS`. */
  readonly pem: string;
  /** A key and a certificate for host names and IP addresses; made at first use. */
  certificate(names: readonly string[], flaw?: CertificateFlaw): ServerCertificate;
}

export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
  readonly context: SecureContext;
}

/** OpenSSL compares with the real clock, whatever the application's clock shows: valid over any recorded time. */
const FROM = new Date('2000-01-01T00:00:00Z');
const UNTIL = new Date('2099-01-01T00:00:00Z');
const LONG_AGO = new Date('2001-01-01T00:00:00Z');

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function createAuthority(): Authority {
  const root = generatePair();
  const issuer = 'Deja, one run';
  const pem = selfSign(issuer, root);
  const made = new Map<string, ServerCertificate>();
  return {
    pem,
    certificate(names, flaw = 'none') {
      const key = `${flaw} ${names.join(' ')}`;
      const known = made.get(key);
      if (known) return known;
      const pair = leaf(names, flaw, { ...root, issuer });
      const certificate = { ...pair, context: createSecureContext(pair) };
      made.set(key, certificate);
      return certificate;
    },
  };
}

function generatePair(): Pair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function selfSign(subject: string, pair: Pair, names?: readonly string[]): string {
  return issueCertificate({
    subject,
    issuer: subject,
    publicKey: pair.publicKey,
    issuerPublicKey: pair.publicKey,
    issuerKey: pair.privateKey,
    ...(names ? { names } : {}),
    notBefore: FROM,
    notAfter: UNTIL,
  });
}

function leaf(names: readonly string[], flaw: CertificateFlaw, root: Pair & { readonly issuer: string }): { readonly key: string; readonly cert: string } {
  const pair = generatePair();
  const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  // Common names end at 64 characters; the name itself is in the alternative names.
  const subject = 'Deja stub';
  if (flaw === 'self-signed') return { key, cert: selfSign(subject, pair, names) };
  const signer = flaw === 'unknown-issuer' ? { ...generatePair(), issuer: 'Deja, unknown issuer' } : root;
  const cert = issueCertificate({
    subject,
    issuer: signer.issuer,
    publicKey: pair.publicKey,
    issuerPublicKey: signer.publicKey,
    issuerKey: signer.privateKey,
    names: flaw === 'other-name' ? ['other-name.invalid'] : names,
    notBefore: FROM,
    notAfter: flaw === 'expired' ? LONG_AGO : UNTIL,
  });
  return { key, cert };
}
