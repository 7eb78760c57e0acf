/** Notes in a SQLite file. A note whose author is gone has no name to greet; the lottery's number comes from the engine. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const db = open(process.env.DRIVER, 'notes.db');
db.exec(`
  CREATE TABLE IF NOT EXISTS authors (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, author INTEGER, body TEXT, bytes BLOB, weight REAL);
`);
if (db.prepare('SELECT count(*) AS n FROM notes').get().n === 0) {
  db.exec("INSERT INTO authors VALUES (1, 'Ann')");
  const insert = db.prepare('INSERT INTO notes VALUES (?, ?, ?, ?, ?)');
  insert.run(1, 1, 'milk', new Uint8Array([0, 255, 1]), 1.5);
  insert.run(2, 99, "it's late", null, 1e300);
}

createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  try {
    if (url.pathname === '/lottery') {
      const { number } = db.prepare('SELECT abs(random() % 1000000) AS number').get();
      throw new Error(`no prize for ${number}`);
    }
    const id = Number(url.searchParams.get('id'));
    const note = db.prepare('SELECT n.id, n.body, n.bytes, n.weight, a.name AS author FROM notes n LEFT JOIN authors a ON a.id = n.author WHERE n.id = :id').get({ id });
    db.prepare('UPDATE notes SET weight = weight + 1 WHERE id = ?').run(id);
    response.end(`${note.author.toUpperCase()}: ${note.body}`);
  } catch (error) {
    console.error(error);
    response.statusCode = 500;
    response.end(error.message);
  }
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('notes is listening'));

function open(driver, file) {
  const require = createRequire(import.meta.url);
  if (driver === 'better-sqlite3') return new (require('better-sqlite3'))(file);
  return new (require('node:sqlite').DatabaseSync)(file);
}
