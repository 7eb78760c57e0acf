import dns from 'node:dns';
import net from 'node:net';
import { syncBuiltinESMExports } from 'node:module';
import type { ReplayInstructions } from '@deja/format';

type Redirect = NonNullable<ReplayInstructions['redirect']>[number];
type Connect = (this: net.Socket, ...args: unknown[]) => net.Socket;

interface Target {
  readonly host: string;
  readonly port: number;
}

const PLACEHOLDER = '127.0.0.1';

/**
 * Leads outgoing connections to the stubs by recorded host and port. Anything else is refused with ECONNREFUSED and said on standard error,
 * so that nothing real is reached by mistake. It is no isolation: native code and child processes are not seen.
 */
export function redirectConnections(redirects: readonly Redirect[]): Disposable {
  const find = (target: Target): Redirect | undefined =>
    redirects.find((one) => one.port === target.port && (one.host === target.host || (isLoopback(one.host) && isLoopback(target.host))));
  const own = new Set(redirects.map((one) => `${one.toAddress}:${one.toPort}`));

  const prototype = net.Socket.prototype as unknown as { connect: Connect };
  const real = prototype.connect;
  prototype.connect = function connect(this: net.Socket, ...args: unknown[]): net.Socket {
    const { options, callback } = normalisedArguments(args);
    // A path is a Unix socket: of this machine, and not recorded by host and port.
    if (options === null || typeof options['path'] === 'string') return real.apply(this, args);
    const target: Target = { host: (typeof options['host'] === 'string' ? options['host'] : 'localhost').toLowerCase(), port: Number(options['port']) };
    if (own.has(`${target.host}:${target.port}`)) return real.apply(this, args);
    const to = find(target);
    if (to === undefined) return refuse(this, target);
    const { lookup: _lookup, family: _family, ...rest } = options;
    const led = [{ ...rest, host: to.toAddress, port: to.toPort }, ...(callback === undefined ? [] : [callback])];
    return real.apply(this, led);
  };

  const resolution = answerRecordedNames(new Set(redirects.map((one) => one.host.toLowerCase()).filter((host) => net.isIP(host) === 0)));
  return {
    [Symbol.dispose]: () => {
      prototype.connect = real;
      resolution[Symbol.dispose]();
    },
  };
}

/** `connect(options, cb)`, `connect(port, host, cb)`, `connect(path, cb)`, and the array that `net.connect` hands on. */
export function normalisedArguments(args: readonly unknown[]): { readonly options: Readonly<Record<string, unknown>> | null; readonly callback: unknown } {
  const list = Array.isArray(args[0]) ? (args[0] as readonly unknown[]) : args;
  const callback = list.find((one) => typeof one === 'function');
  const [first, second] = list;
  if (typeof first === 'object' && first !== null) return { options: first as Readonly<Record<string, unknown>>, callback };
  if (typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first))) {
    return { options: { port: Number(first), ...(typeof second === 'string' ? { host: second } : {}) }, callback };
  }
  return { options: null, callback };
}

function refuse(socket: net.Socket, target: Target): net.Socket {
  process.stderr.write(`deja: refused a connection to ${target.host}:${target.port}, which the recording does not have\n`);
  const error = Object.assign(new Error(`connect ECONNREFUSED ${target.host}:${target.port}`), {
    errno: -111, code: 'ECONNREFUSED', syscall: 'connect', address: target.host, port: target.port,
  });
  // Later, as the system would say it: listeners are added after the call.
  (socket as { connecting: boolean }).connecting = true;
  process.nextTick(() => {
    (socket as { connecting: boolean }).connecting = false;
    socket.destroy(error);
  });
  return socket;
}

type Lookup = (hostname: string, ...rest: readonly unknown[]) => unknown;
type LookupCallback = (error: Error | null, address: string | readonly { address: string; family: number }[], family?: number) => void;

/** Programs that look a recorded name up by themselves get an address; what they then connect to is led by name only if they kept it. */
function answerRecordedNames(names: ReadonlySet<string>): Disposable {
  const lookup = Reflect.get(dns, 'lookup') as Lookup;
  const promised = Reflect.get(dns.promises, 'lookup') as Lookup;
  const patched = (hostname: string, ...rest: readonly unknown[]): unknown => {
    const callback = rest.at(-1);
    if (!names.has(hostname.toLowerCase()) || typeof callback !== 'function') return Reflect.apply(lookup, dns, [hostname, ...rest]);
    const all = wantsAll(rest[0]);
    process.nextTick(() => {
      if (all) (callback as LookupCallback)(null, [{ address: PLACEHOLDER, family: 4 }]);
      else (callback as LookupCallback)(null, PLACEHOLDER, 4);
    });
    return {};
  };
  const patchedPromise = (hostname: string, options?: unknown): unknown => {
    if (!names.has(hostname.toLowerCase())) return Reflect.apply(promised, dns.promises, [hostname, options]);
    const answer = { address: PLACEHOLDER, family: 4 };
    return Promise.resolve(wantsAll(options) ? [answer] : answer);
  };
  // `util.promisify` reads a hidden field of the original.
  Object.defineProperties(patched, Object.getOwnPropertyDescriptors(lookup));
  Object.assign(dns, { lookup: patched });
  Object.assign(dns.promises, { lookup: patchedPromise });
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]: () => {
      Object.assign(dns, { lookup });
      Object.assign(dns.promises, { lookup: promised });
      syncBuiltinESMExports();
    },
  };
}

function wantsAll(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'all' in options && options.all === true;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host === '0.0.0.0' || host === '::';
}
