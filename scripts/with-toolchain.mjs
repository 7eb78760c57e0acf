// Prepares a fresh machine, then runs the given script on the right Node:
//   node scripts/with-toolchain.mjs SCRIPT [ARGUMENT…]
// The only script that has to run on an old Node (18 and later); everything after it runs on Node 24.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_MAJOR = 24;
/** Debian packages, each with the program that shows it is there. */
const SYSTEM_PARTS = [
  { program: 'bwrap', package: 'bubblewrap' },
  { program: 'ip', package: 'iproute2' },
  { program: 'redis-server', package: 'redis-server' },
  { program: 'qemu-system-x86_64', package: 'qemu-system-x86' },
  { program: 'mkfs.erofs', package: 'erofs-utils' },
  // The server without what would start it as a service.
  { program: 'mariadbd', package: 'mariadb-server-core' },
  { program: 'nats-server', package: 'nats-server' },
];

function say(message) {
  process.stderr.write(`setup: ${message}\n`);
}

function fail(message) {
  say(message);
  process.exit(5);
}

function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
}

function onPath(program) {
  // What only root is meant to start is not on everybody's path.
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin'].some((folder) => existsSync(join(folder, program)));
}

/** Installs the locked dependencies unless exactly these are there already. */
function installDependencies() {
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  const stamp = join(root, 'node_modules', '.deja-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('installing dependencies (npm ci)');
  const done = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (done.status !== 0) fail('npm ci failed: see above. Is the npm registry reachable?');
  writeFileSync(stamp, lock);
}

/** A Node of the wanted major or newer: the one running, or the one from the npm registry. */
function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath;
  const installed = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  if (existsSync(installed)) return installed;
  return fail(`Node ${NODE_MAJOR} or newer is needed and npm has none for ${process.platform}-${process.arch}: install it, then run this again.`);
}

/** What apt can give is installed where we may; where not, the parts that need it say so themselves. */
function installSystemParts() {
  const missing = SYSTEM_PARTS.filter((part) => !onPath(part.program)).map((part) => part.package);
  if (missing.length === 0) return;
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    say(`not installed: ${missing.join(', ')} (as root on Debian this would be done for you)`);
    return;
  }
  say(`installing ${missing.join(', ')} (apt)`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const log = { env, stdio: 'ignore' };
  const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', ...missing], log);
  if (install().status !== 0 && (run('apt-get', ['update'], log).status !== 0 || install().status !== 0)) {
    say(`apt could not install ${missing.join(', ')}: what needs them will be left out`);
  }
}

function build(node) {
  const done = run(node, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']);
  if (done.status !== 0) fail('the build failed: see above');
  if (run(node, [join(root, 'scripts', 'bundle.mjs')]).status !== 0) say('bundling failed: see above. Everything works without, only slower');
}

installDependencies();
installSystemParts();
const node = findNode();
build(node);
mkdirSync(join(root, '.deja'), { recursive: true });
const [script, ...args] = process.argv.slice(2);
const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}`, DEJA_USER_PATH: process.env.DEJA_USER_PATH ?? process.env.PATH };
const child = spawnSync(node, [join(root, script), ...args], { cwd: root, stdio: 'inherit', env });
process.exit(child.status ?? 1);
