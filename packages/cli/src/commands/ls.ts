import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { DejaError, type Manifest } from '@deja/format';
import { act, addCommand } from '../shared/command.js';
import { EXIT, usageError, type ExitCode } from '../shared/exit.js';
import { packageFiles, packageFolder, shownPath } from '../shared/find-package.js';
import type { Output } from '../shared/output.js';
import { shellWord } from '../shared/program-name.js';
import { table } from '../render/table.js';
import { cut, oneLine, visible } from '../render/text.js';
import { ago, plural, size } from '../render/units.js';

interface Listed {
  readonly path: string;
  readonly bytes: number;
  readonly manifest: Manifest;
}

interface Unreadable {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

export function ls(program: Command): void {
  addCommand(program, 'ls [DIR]', 'list the error packages of a folder (default: .deja)').action(
    act(async (output, _options, folder: string | undefined) => list(output, folder)),
  );
}

async function list(output: Output, named: string | undefined): Promise<ExitCode> {
  const folder = named ?? packageFolder();
  if (named !== undefined && !statSync(named, { throwIfNoEntry: false })?.isDirectory()) throw usageError(`${named} is not a folder`);
  const { found, unreadable } = await readAll(packageFiles(folder));
  output.document({
    folder,
    packages: found.map(({ path, bytes, manifest }) => ({
      id: manifest.id, path, time: manifest.time, service: manifest.service, release: manifest.release ?? null,
      summary: manifest.summary, events: manifest.counts.events, requests: manifest.counts.requests, bytes,
    })),
    unreadable,
  });
  if (found.length > 0) output.print(asTable(found, output));
  for (const { message } of unreadable) output.say(`${output.err.yellow('!')} ${visible(message)}`);
  const newest = found.find(({ manifest }) => manifest.summary !== null);
  if (newest) output.next(`show ${shellWord(shownPath(newest.path))}`, 'what happened');
  else if (found.length === 0) {
    if (!output.json) output.say(`No error packages in ${folder}.`);
    output.next('run -- COMMAND', 'start a service; a package is written when something fails');
  }
  return EXIT.ok;
}

async function readAll(paths: readonly string[]): Promise<{ found: Listed[]; unreadable: Unreadable[] }> {
  const { readPackage } = await import('@deja/format/node');
  const found: Listed[] = [];
  const unreadable: Unreadable[] = [];
  for (const path of paths) {
    try {
      const { manifest } = await readPackage(path);
      found.push({ path, bytes: statSync(path).size, manifest });
    } catch (error) {
      if (!(error instanceof DejaError)) throw error;
      unreadable.push({ path, code: error.code, message: error.message });
    }
  }
  return { found: found.toSorted((a, b) => (a.manifest.time < b.manifest.time ? 1 : -1)), unreadable };
}

function asTable(found: readonly Listed[], { out, width }: Output): string {
  const columns = [{ title: 'PACKAGE' }, { title: 'WHEN' }, { title: 'SERVICE' }, { title: 'EVENTS', align: 'right' as const }, { title: 'SIZE', align: 'right' as const }, { title: 'FAILURE' }];
  const rows = found.map(({ path, bytes, manifest }) => [
    out.cyan(shownPath(path)), ago(manifest.time, Date.now()), oneLine(manifest.service), String(manifest.counts.events), size(bytes),
    manifest.summary === null ? out.dim('(no failure)') : cut(oneLine(manifest.summary), Math.max(40, width - 80)),
  ]);
  return `${table(columns, rows, out.dim)}\n${out.dim(plural(found.length, 'package'))}`;
}
