import http from 'node:http';
import { DatabaseSync } from 'node:sqlite';

const db = new DatabaseSync(process.env.DB_FILE);
const server = http.createServer((request, response) => {
  try {
    const row = db.prepare('SELECT id, name, email FROM users WHERE id = ?').get(7);
    response.end(row.email.toLowerCase());
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log(`listening ${server.address().port}`));
