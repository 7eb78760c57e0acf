/** Bytes that are not of the protocol. The connection they came from cannot be understood any further. */
export class WireError extends Error {
  readonly code = 'DEJA_WIRE_MALFORMED';
  readonly protocol: string;

  constructor(protocol: string, message: string) {
    super(`${protocol}: ${message}`);
    this.name = 'WireError';
    this.protocol = protocol;
  }
}
