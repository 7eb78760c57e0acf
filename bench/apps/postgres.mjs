import http from 'node:http';
import { Pool } from 'pg';

const pool = new Pool();
async function answer(response) {
  try {
    const { rows } = await pool.query('SELECT id, name, email FROM users WHERE id = $1', [7]);
    response.end(rows[0].email.toLowerCase());
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
}

const server = http.createServer((request, response) => void answer(response));
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log(`listening ${server.address().port}`));
