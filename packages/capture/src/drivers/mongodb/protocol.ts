import { field, textField } from '../shared/values.js';

/** Commands by which drivers set up, watch and give up connections and cursors by themselves. */
const PROTOCOL = new Set(['hello', 'ismaster', 'endsessions', 'killcursors', 'saslstart', 'saslcontinue', 'authenticate', 'getnonce', 'logout']);

/** What a message of the driver asks; null for those that are no data of anybody, and for the old kind, which only begins connections. */
export function commandOf(message: unknown): { readonly database: string; readonly name: string } | null {
  const command = field(message, 'command');
  if (typeof command !== 'object' || command === null) return null;
  const [name] = Object.keys(command);
  if (name === undefined || PROTOCOL.has(name.toLowerCase())) return null;
  return { database: textField(command, '$db') ?? textField(message, 'databaseName') ?? '', name };
}
