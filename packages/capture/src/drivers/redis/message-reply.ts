const KINDS = new Set(['message', 'pmessage', 'smessage']);

/** Whether what came in over a connection with subscriptions is a published message. */
export function isMessage(reply: unknown): reply is readonly unknown[] {
  if (!Array.isArray(reply) || reply.length < 3) return false;
  const kind: unknown = reply[0];
  return KINDS.has(kind instanceof Uint8Array ? Buffer.from(kind).toString() : typeof kind === 'string' ? kind : '');
}
