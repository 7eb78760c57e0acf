import { AsyncLocalStorage } from 'node:async_hooks';
import { now } from './clock.js';
import type { LiveMessage } from './incoming.js';
import type { Limits } from './config.js';
import { Entry, type Ledger } from './entry.js';
import type { LiveEvent, OpenEvent, Recorder } from './recorder.js';
import { emptyKept, settled, type BackgroundScope, type BootScope, type RequestScope, type ScopeState, type ServedExchange } from './scope.js';

/** Inside Deja's own work nothing is recorded. */
const UNOBSERVED = Symbol('unobserved');

/** After it listens, an application without requests is not starting any more. */
const BOOT_AFTER_LISTENING_MS = 60_000;

/** So many of the last requests are kept although nothing overlapped them: what they left running may still fail. */
const LATE_FAILURES = 4;

/** Starting may migrate whole databases, and cannot be repeated without what it was told. */
const BOOT_EVENTS = 20_000;

/** Puts every event into its scope: start-up, the request whose work it is, or the background. */
export class TimelineRecorder implements Recorder, Ledger {
  readonly boot: BootScope = { in: 'boot', ...emptyKept() };
  readonly background: BackgroundScope = { in: 'background', ...emptyKept() };
  readonly #storage = new AsyncLocalStorage<RequestScope | typeof UNOBSERVED>();
  readonly #limits: Limits;
  /** In order of arrival. */
  readonly #running = new Set<RequestScope>();
  /** Finished, in order of finishing: they may have overlapped one that fails, or fail late themselves. */
  readonly #recent: RequestScope[] = [];
  #recentBytes = 0;
  #order = 0;
  #completions = 0;
  #booting = true;
  #bootEnds = Number.POSITIVE_INFINITY;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  begin(live: LiveEvent): OpenEvent | null {
    const store = this.#storage.getStore();
    if (store === UNOBSERVED) return null;
    const scope = store === undefined || store.released ? this.#outside() : store;
    if (scope.entries.length >= (scope.in === 'boot' ? BOOT_EVENTS : this.#limits.events)) {
      if (scope.in !== 'background') {
        scope.dropped += 1;
        return null;
      }
      this.#forgetOldest(scope);
    }
    const entry = new Entry(this, live, scope, ++this.#order);
    scope.entries.push(entry);
    return entry;
  }

  unobserved<R>(fn: () => R): R {
    return this.#storage.run(UNOBSERVED, fn);
  }

  /** Begins the scope of an incoming request; `runIn` then runs its work. */
  openRequest(exchange: ServedExchange | undefined, name?: string): RequestScope {
    const scope = newScope(exchange, name);
    this.#begin(scope);
    return scope;
  }

  /**
   * The caller, and all that it does from here on, waits for a message: what it does until that arrives is nobody's work.
   * For loops over messages, whose body cannot be wrapped.
   */
  expectRequest(): RequestScope {
    const scope = newScope(undefined, undefined);
    scope.released = true;
    this.#storage.enterWith(scope);
    return scope;
  }

  /** The message is there: from now on the scope is one like any other. */
  arrived(scope: RequestScope, message: LiveMessage): void {
    scope.message = message;
    scope.released = false;
    this.#begin(scope);
  }

  #begin(scope: RequestScope): void {
    this.#booting = false;
    scope.order = ++this.#order;
    scope.at = now();
    this.#running.add(scope);
  }

  /** The request is over. A few of the last are kept, within their budget; older ones are let go. */
  closeRequest(scope: RequestScope): void {
    if (scope.endedAt !== undefined) return;
    scope.endedAt = now();
    this.#running.delete(scope);
    scope.exchange &&= settled(scope.exchange);
    this.#recent.push(scope);
    this.#recentBytes += scope.bytes;
    this.#forgetRecent();
  }

  /** The requests under way, in order of arrival. */
  running(): readonly RequestScope[] {
    return [...this.#running];
  }

  /** The only request under way, if it is the only one. */
  onlyRunning(): RequestScope | undefined {
    return this.#running.size === 1 ? this.#running.values().next().value : undefined;
  }

  /** The requests that overlapped this one, those still running among them. */
  overlapping(scope: RequestScope): readonly RequestScope[] {
    const others = [...this.#recent.filter((other) => (other.endedAt ?? 0) >= scope.at), ...this.#running];
    const end = scope.endedAt ?? Number.POSITIVE_INFINITY;
    return others.filter((other) => other !== scope && other.at <= end).toSorted((a, b) => a.order - b.order);
  }

  currentRequest(): RequestScope | undefined {
    const store = this.#storage.getStore();
    return store === UNOBSERVED ? undefined : store;
  }

  currentScope(): ScopeState | undefined {
    const store = this.#storage.getStore();
    return store === UNOBSERVED ? undefined : (store ?? this.#outside());
  }

  runIn<R>(scope: ScopeState, fn: () => R): R {
    return scope.in === 'request' ? this.#storage.run(scope, fn) : this.#storage.exit(fn);
  }

  /** No request has arrived yet. */
  get starting(): boolean {
    return this.#booting;
  }

  /** The first server listens: start-up ends with the first request, or a while later. */
  listening(): void {
    this.#bootEnds = Math.min(this.#bootEnds, now() + BOOT_AFTER_LISTENING_MS);
  }

  lastOrder(): number {
    return this.#order;
  }

  admit(scope: ScopeState, bytes: number): boolean {
    if (scope.in === 'background') {
      scope.bytes += bytes;
      while (scope.bytes > this.#limits.background && scope.entries.length > 1) this.#forgetOldest(scope);
      return scope.bytes <= this.#limits.background;
    }
    const limit = scope.in === 'boot' ? this.#limits.boot : this.#limits.request;
    if (scope.bytes + bytes > limit) {
      scope.dropped += 1;
      return false;
    }
    scope.bytes += bytes;
    if (scope.in === 'request' && scope.endedAt !== undefined && !scope.released) this.#recentBytes += bytes;
    return true;
  }

  completion(): number {
    return ++this.#completions;
  }

  #outside(): BootScope | BackgroundScope {
    if (this.#booting && now() < this.#bootEnds) return this.boot;
    this.#booting = false;
    return this.background;
  }

  #forgetOldest(scope: BackgroundScope): void {
    const oldest = scope.entries.shift();
    scope.bytes -= oldest?.bytes ?? 0;
    scope.dropped += 1;
  }

  /** What no running request overlapped goes, but for the very last; and the oldest when it is too much. Keeping more makes garbage collection dear. */
  #forgetRecent(): void {
    const first = this.#running.values().next();
    const since = first.done ? Number.POSITIVE_INFINITY : first.value.at;
    for (let oldest = this.#recent[0]; oldest; oldest = this.#recent[0]) {
      const wanted = this.#recent.length <= LATE_FAILURES || (oldest.endedAt ?? 0) >= since;
      if (wanted && this.#recent.length <= this.#limits.recentRequests && this.#recentBytes <= this.#limits.recent) return;
      this.#recent.shift();
      this.#recentBytes -= oldest.bytes;
      this.#release(oldest);
    }
  }

  /** Async contexts may outlive a request for hours (pooled sockets, timers): they must not hold its events alive. */
  #release(scope: RequestScope): void {
    scope.released = true;
    scope.entries = [];
    scope.exchange = undefined;
    scope.message = undefined;
    scope.failure = undefined;
  }
}

function newScope(exchange: ServedExchange | undefined, name: string | undefined): RequestScope {
  return {
    in: 'request', order: 0, at: 0, endedAt: undefined, exchange, message: undefined, name, failure: undefined, recorded: undefined,
    packaged: false, released: false, entries: [], bytes: 0, dropped: 0,
  };
}
