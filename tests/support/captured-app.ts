import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { ErrorPackage } from '@deja/format';
import { readPackage } from '@deja/format/node';

const REGISTER = pathToFileURL(join(import.meta.dirname, '..', '..', 'packages', 'capture', 'dist', 'register.js')).href;
const APPS = join(import.meta.dirname, '..', 'apps', 'capture');

export interface AppOptions {
  readonly node?: string;
  /** Folder with a `node_modules` in which the application finds its packages. Default: the workspace. */
  readonly packages?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly capture?: boolean;
}

/** A real application as a process of its own, started with the preload. It prints its port when it listens. */
export class CapturedApp implements AsyncDisposable {
  readonly folder: string;
  readonly out: string;
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  port = 0;
  #output = '';

  private constructor(app: string, options: AppOptions) {
    this.folder = mkdtempSync(join(tmpdir(), 'deja-capture-'));
    this.out = join(this.folder, 'packages');
    cpSync(join(APPS, app), join(this.folder, basename(app)));
    symlinkSync(join(options.packages ?? join(import.meta.dirname, '..', '..'), 'node_modules'), join(this.folder, 'node_modules'));
    const preload = options.capture === false ? [] : ['--import', REGISTER];
    this.process = spawn(options.node ?? process.execPath, [...preload, basename(app)], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'] ?? '', DEJA_OUT: this.out, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (chunk: Buffer) => { this.#output += chunk.toString(); });
    this.process.stderr?.on('data', (chunk: Buffer) => { this.#output += chunk.toString(); });
    this.exited = new Promise((resolve) => { this.process.once('exit', resolve); });
  }

  static async start(app: string, options: AppOptions = {}): Promise<CapturedApp> {
    const started = new CapturedApp(app, options);
    await started.until(() => /listening (\d+)/.test(started.output) || started.process.exitCode !== null, 'the application listens');
    started.port = Number(/listening (\d+)/.exec(started.output)?.[1] ?? 0);
    return started;
  }

  get output(): string {
    return this.#output;
  }

  async get(path: string, init: RequestInit = {}): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, init);
    return { status: response.status, text: await response.text() };
  }

  files(): readonly string[] {
    try {
      return readdirSync(this.out).filter((name) => name.endsWith('.deja')).toSorted();
    } catch {
      return [];
    }
  }

  /** Waits until there are so many packages, then reads them in order of writing. */
  async packages(count: number): Promise<readonly ErrorPackage[]> {
    await this.until(() => this.files().length >= count, `${count} packages`);
    return Promise.all(this.files().map((name) => readPackage(join(this.out, name))));
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    for (const end = Date.now() + 15_000; !condition(); await sleep(15)) {
      if (Date.now() > end) throw new Error(`waited in vain until ${what}; the application said:\n${this.output}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGKILL');
      await this.exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
