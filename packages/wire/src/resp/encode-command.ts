/** The bytes of a command as a client sends it. */
export function encodeCommand(args: readonly (Uint8Array | string)[]): Buffer {
  const parts = args.map((arg) => Buffer.from(arg));
  return Buffer.concat([Buffer.from(`*${parts.length}\r\n`), ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')])]);
}
