import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isWithin, replacePrefix } from '../paths.js';
import type { Mount, StartCommand } from '../sandbox.js';
import { reachable, wantedBy, type Closure, type Wanted } from './dependency-closure.js';
import { manifestOf, namesOf, type Manifest } from './manifest.js';
import { filesAt, isOwn, quotedIn, reachedSources, readable, type Source } from './reached-sources.js';

/** What the packages of a folder tell of what a command needs. */
export interface PackageNeeds {
  /** Needed packages outside of the application's folder, and links to them. */
  readonly outside: readonly Mount[];
  /** Folders of packages inside it that the run has no use for. */
  readonly needless: ReadonlySet<string>;
}

/**
 * Of no use are packages for development, and those of other programs in the same repository. They are declared by some package.json of the application, but not by those of
 * the files that the command starts and that relative paths lead to from there, and none of these files has their name in quotes. Packages
 * that nobody declares are not among them: why they are there is not known.
 * Null: the command names no file of the application's own, or one of a framework that finds the application by itself.
 */
export function packageNeeds(app: Mount, command: StartCommand): PackageNeeds | null {
  const words = command.words.flatMap((word) => [word, word.slice(word.indexOf('=') + 1)]);
  const files = words.flatMap((word) => filesAt(replacePrefix(resolve(command.cwd, word), app.at, app.from)));
  if (!files.some((file) => isOwn(file, app.from))) return null;
  const folder = { from: replacePrefix(command.cwd, app.at, app.from), at: command.cwd };
  const needed = neededBy(words.flatMap((word) => wantedByName(word, folder)), reachedSources(files, app.from), app);
  const declared = insideOf(app, reachable(manifestsOf(app).flatMap(({ place, manifest }) => [
    ...wantedBy(place, manifest), ...Object.keys(manifest.devDependencies ?? {}).map((name) => ({ folder: place, name })),
  ])).packages);
  return {
    outside: [...needed.packages, ...needed.links].filter(({ at }) => !isWithin(at, app.at)),
    needless: new Set(declared.filter((one) => !needed.packages.some(({ from }) => isWithin(from, one)))),
  };
}

/** What the sources' own packages declare and what they have in quotes, until packages of the application lead to no further sources. */
function neededBy(named: readonly Wanted[], started: readonly Source[], app: Mount): Closure {
  const sources = new Map(started.map((source) => [source.path, source]));
  for (;;) {
    const folders = new Set([...sources.keys()].map((path) => packageOf(path, app)));
    const declared = [...folders].flatMap((from) => wantedBy(placeIn(app, from), manifestOf(from)));
    const quoted = [...sources.values()].flatMap(({ path, quoted }) => [...quoted].flatMap((text) => wantedByName(text, placeIn(app, dirname(path)))));
    const needed = reachable([...named, ...declared, ...quoted]);
    const before = sources.size;
    const own = needed.packages.map(({ from }) => from).filter((from) => isOwn(from, app.from));
    for (const source of reachedSources([...own, ...folders].flatMap(entriesOf), app.from)) sources.set(source.path, source);
    if (sources.size === before) return needed;
  }
}

const PACKAGE_NAME = /^(?:@[\w.~-]+\/)?[a-z0-9_~-][\w.~-]*/i;

/** A text may be a package's name, or that of something in it. */
function wantedByName(text: string, folder: Mount): readonly Wanted[] {
  const name = PACKAGE_NAME.exec(text)?.[0];
  return name === undefined || !/^$|^\//.test(text.slice(name.length)) ? [] : [{ folder, name }];
}

/** What a package of the application lets others load. */
function entriesOf(folder: string): readonly string[] {
  const { main = './index', exports, imports } = manifestOf(folder) ?? {};
  return [main, ...quotedIn(JSON.stringify([exports, imports]))].flatMap((path) => filesAt(resolve(folder, path)));
}

/** The nearest folder around a file whose package.json is more than a mark for Node. */
function packageOf(file: string, app: Mount): string {
  for (let folder = dirname(file); folder !== app.from; folder = dirname(folder)) {
    const manifest = manifestOf(folder);
    if (manifest !== null && (manifest.name !== undefined || namesOf(manifest).length > 0)) return folder;
  }
  return app.from;
}

const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git', '.deja']);

function manifestsOf(app: Mount, folder = app.from): readonly { readonly place: Mount; readonly manifest: Manifest }[] {
  const entries = readable(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  const manifest = entries.some(({ name }) => name === 'package.json') ? manifestOf(folder) : null;
  const inner = entries.filter((entry) => entry.isDirectory() && !SKIPPED.has(entry.name)).flatMap(({ name }) => manifestsOf(app, join(folder, name)));
  return manifest === null ? inner : [{ place: placeIn(app, folder), manifest }, ...inner];
}

function placeIn(app: Mount, from: string): Mount {
  return { from, at: replacePrefix(from, app.from, app.at) };
}

/** Packages that lie in a `node_modules` of the application's. */
function insideOf(app: Mount, packages: readonly Mount[]): readonly string[] {
  return packages.map(({ from }) => from).filter((from) => isWithin(from, app.from) && !isOwn(from, app.from));
}
