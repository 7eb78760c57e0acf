/** Node's own clients, which are observed above their sockets. */
const OF_NODE = /\(?node:(?:_http_(?:agent|client)|internal\/http2\/|internal\/deps\/undici\/)/;
/** Whoever makes a connection for itself is at most so many calls above `connect`. */
const DEPTH = 12;

/** Packages whose connections are told by what goes over them. */
const packages = new Set<string>(['undici']);
let ofPackages = packagePattern();

/** Connections of this package are not recorded byte by byte: its instrumentation tells of them. Call it when its hooks are in. */
export function claimConnectionsOf(name: string): void {
  if (packages.has(name)) return;
  packages.add(name);
  ofPackages = packagePattern();
}

interface Followed {
  claimed(): void;
}

const followed = new WeakMap<object, Followed>();

export function followSocket(socket: object, connection: Followed): void {
  followed.set(socket, connection);
}

export function followedBy(socket: unknown): Followed | undefined {
  return typeof socket === 'object' && socket !== null ? followed.get(socket) : undefined;
}

/** Another instrumentation knows what is spoken over this connection; what was kept of its bytes is forgotten. */
export function claimSocket(socket: unknown): void {
  followedBy(socket)?.claimed();
}

/**
 * Whether a client that is observed is connecting just now. By the call stack: clients keep their sockets to themselves, and connecting costs
 * many times as much as looking at who does it.
 */
export function connectedByKnownClient(): boolean {
  const stack = stackNow();
  return OF_NODE.test(stack) || ofPackages.test(stack);
}

/** The application may have its own way of writing stacks, which is not asked. */
function stackNow(): string {
  const { stackTraceLimit } = Error;
  const own: unknown = Reflect.get(Error, 'prepareStackTrace');
  try {
    Error.stackTraceLimit = DEPTH;
    Error.prepareStackTrace = (_, calls) => calls.map((call) => `(${call.getFileName() ?? ''}`).join('\n');
    return new Error().stack ?? '';
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (own === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Reflect.set(Error, 'prepareStackTrace', own);
  }
}

function packagePattern(): RegExp {
  return new RegExp(`[\\\\/]node_modules[\\\\/](?:${[...packages].map((name) => name.replace('/', '[\\\\/]')).join('|')})[\\\\/]`);
}
