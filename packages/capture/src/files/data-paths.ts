import { resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The system's own: programs, libraries, devices, and what every sandbox has of itself. */
const SYSTEM = /^\/(?:usr|bin|sbin|lib(?:32|64|x32)?|proc|sys|dev|\.deja)(?:\/|$)/;
const OF_EVERY_MACHINE = /^\/etc\/(?:hosts|hostname|resolv\.conf|nsswitch\.conf|host\.conf|gai\.conf|passwd|group|localtime|timezone|os-release|services|protocols|mime\.types|ld\.so\..*|ssl\/(?:certs|cert\.pem|openssl\.cnf).*|pki\/.*|ca-certificates.*)$/;

/** Client libraries look once in a process whether they are in a container, in the course of whatever is first. */
const OF_CONTAINERS = /^\/(?:\.dockerenv|run\/\.containerenv)$/;

/** Code that lies elsewhere, as linked packages do. */
const CODE = /\.(?:[cm]?[jt]sx?|map|node|wasm)$|\/package\.json$/;

/** Says which paths hold data: not the application's own folder, packages, the system, or what Deja writes. */
export class DataPaths {
  readonly #root: string;
  readonly #own: readonly string[];

  /** `own`: folders and files that are no data. */
  constructor(root: string, own: readonly string[]) {
    this.#root = withSeparator(root);
    this.#own = own.filter((path) => path !== sep);
  }

  /** The absolute path of what a function of `fs` was given; null for what is no data, and for numbers of open files. */
  of(given: unknown): string | null {
    // Most files are the application's own, and asked for by their whole path.
    if (typeof given === 'string' && given.startsWith(this.#root)) return null;
    const path = textOf(given);
    if (path === null || path.includes('\0')) return null;
    const whole = resolve(path);
    const outside = !withSeparator(whole).startsWith(this.#root) && !whole.includes('/node_modules/') && !SYSTEM.test(whole) && !OF_EVERY_MACHINE.test(whole) && !OF_CONTAINERS.test(whole) && !CODE.test(whole);
    return outside && !this.#own.some((one) => whole === one || whole.startsWith(withSeparator(one))) ? whole : null;
  }
}

function textOf(given: unknown): string | null {
  if (typeof given === 'string') return given;
  if (given instanceof URL) return given.protocol === 'file:' ? fileURLToPath(given) : null;
  return Buffer.isBuffer(given) ? given.toString() : null;
}

function withSeparator(path: string): string {
  return path.endsWith(sep) ? path : path + sep;
}
