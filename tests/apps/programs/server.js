/** A service that has its work done by programs. */
import { exec, execFile, execFileSync, execSync, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';

const run = promisify(execFile);
const release = execSync('thumbnail --version 2>/dev/null').toString();

const routes = {
  async '/thumbnail'(query) {
    const { stdout } = await run('thumbnail', ['--of', query.get('name')]);
    const { width } = JSON.parse(stdout);
    return width.toFixed(0);
  },
  '/scan': (query) => new Promise((resolve, reject) => {
    const child = spawn('scan', { env: { ...process.env, MODE: 'strict' } });
    let said = '';
    child.stdout.on('data', (bytes) => (said += bytes));
    child.stderr.on('data', (bytes) => (said += bytes));
    child.on('error', reject).on('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`scan ended with ${code}: ${said}`))));
    child.stdin.write(`${query.get('name')}\n`);
    setTimeout(() => child.stdin.end('the rest\n'), 20);
  }),
  async '/render'(query) {
    return execFileSync('render', ['--title', query.get('title')], { stdio: 'pipe' }).toString();
  },
  async '/missing'() {
    return (await run('no-such-tool', ['--version'])).stdout;
  },
  async '/slow'() {
    return (await run('slow', [], { timeout: 300 })).stdout;
  },
  '/shell': (query) => new Promise((resolve, reject) => {
    exec(`thumbnail --of ${query.get('name')} | tr a-z A-Z; exit 4`, (error, stdout) => (error ? reject(Object.assign(error, { stdout })) : resolve(stdout)));
  }),
};

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  routes[url.pathname](url.searchParams).then(
    (text) => response.end(text),
    (error) => {
      console.error(error);
      response.writeHead(500).end('sorry');
    },
  );
});
server.listen(Number(process.env.PORT), () => console.log(`programs is listening, ${release.length}`));
