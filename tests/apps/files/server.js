/** A service whose data lies in files outside of its own folder. */
import { createReadStream, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const folder = process.env.DATA;
const settings = readFileSync(join(folder, 'settings.ini'), 'utf8');
const currency = /^currency = (.*)$/m.exec(settings)[1];

const routes = {
  async '/rate'(query) {
    const rates = JSON.parse(await readFile(join(folder, 'rates.json'), 'utf8'));
    return `${rates[query.get('of')].toFixed(2)} ${currency}`;
  },
  async '/report'(query) {
    const file = join(folder, 'reports', `${query.get('day')}.txt`);
    if (!existsSync(file)) throw new Error(`no report of ${query.get('day')} among ${readdirSync(join(folder, 'reports')).length}`);
    const [line] = (await text(createReadStream(file))).split('\n');
    return line.split(';')[2].trim();
  },
  async '/missing'() {
    return String(await readFile(join(folder, 'reports', 'none', 'at-all.txt')));
  },
  async '/old'(query) {
    const { size, mtime } = statSync(join(folder, 'archive.bin'));
    await writeFile(join(folder, 'asked.txt'), `asked by ${query.get('who')}\n`);
    throw new Error(`${await readFile(join(folder, 'asked.txt'), 'utf8')}: ${size} bytes of ${mtime.toISOString()}`);
  },
};

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  routes[url.pathname](url.searchParams).then(
    (said) => response.end(said),
    (error) => {
      console.error(error);
      response.writeHead(500).end('sorry');
    },
  );
});
server.listen(Number(process.env.PORT), () => console.log('files is listening'));
