import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { addressBytes } from '@deja/wire';
import { bitString, der, generalizedTime, integer, oid, sequence, TAG } from './der.js';

export interface CertificateRequest {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly issuerPublicKey: KeyObject;
  readonly issuerKey: KeyObject;
  /** Host names and IP addresses. Absent: a certificate authority. */
  readonly names?: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

/** A signed X.509 v3 certificate as PEM. Keys must be P-256. */
export function issueCertificate(request: CertificateRequest): string {
  const tbs = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    // The first bit is cleared: serial numbers are positive.
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    name(request.issuer),
    sequence(generalizedTime(request.notBefore), generalizedTime(request.notAfter)),
    name(request.subject),
    request.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions(request))),
  );
  const signature = sign('sha256', tbs, { key: request.issuerKey, dsaEncoding: 'der' });
  const bytes = sequence(tbs, ECDSA_WITH_SHA256, bitString(signature));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function name(common: string): Buffer {
  return sequence(der(TAG.set, sequence(oid('2.5.4.3'), der(TAG.utf8, Buffer.from(common)))));
}

function extensions(request: CertificateRequest): Buffer[] {
  const shared = [
    extension('2.5.29.14', false, der(TAG.octetString, keyId(request.publicKey))),
    extension('2.5.29.35', false, sequence(der(0x80, keyId(request.issuerPublicKey)))),
  ];
  if (!request.names) {
    return [
      extension('2.5.29.19', true, sequence(der(TAG.boolean, Buffer.from([0xff])))),
      // keyCertSign and cRLSign.
      extension('2.5.29.15', true, der(TAG.bitString, Buffer.from([1, 0x06]))),
      ...shared,
    ];
  }
  return [
    extension('2.5.29.19', true, sequence()),
    // digitalSignature; serverAuth.
    extension('2.5.29.15', true, der(TAG.bitString, Buffer.from([7, 0x80]))),
    extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', false, sequence(...request.names.map(alternativeName))),
    ...shared,
  ];
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(key.export({ type: 'spki', format: 'der' })).digest();
}

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(oid(id), ...(critical ? [der(TAG.boolean, Buffer.from([0xff]))] : []), der(TAG.octetString, value));
}

function alternativeName(value: string): Buffer {
  return isIP(value) === 0 ? der(0x82, Buffer.from(value)) : der(0x87, addressBytes(value));
}
