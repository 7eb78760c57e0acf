// A service with its data in MariaDB or MySQL: a receipt reads an order in a transaction, a transfer changes two accounts.
import { createServer } from 'node:http';
import mysql from 'mysql2/promise';

const pool = mysql.createPool({ uri: process.env.DATABASE_URL, connectionLimit: 4, supportBigNumbers: true });
await pool.query('SELECT 1');

async function receipt(id, token) {
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    const [[session]] = await connection.execute('SELECT customer_id FROM sessions WHERE token = ?', [token]);
    const [[order]] = await connection.query('SELECT id, total, placed_at, status FROM orders WHERE id = ? AND customer_id = ?', [id, session.customer_id]);
    const [lines] = await connection.execute('SELECT l.quantity, p.name, p.price FROM order_lines l LEFT JOIN products p ON p.id = l.product_id WHERE l.order_id = ? ORDER BY l.id', [id]);
    await connection.execute('INSERT INTO receipts (order_id, printed_at) VALUES (?, NOW(3))', [id]);
    await connection.query('UPDATE orders SET ? WHERE id = ?', [{ status: 'printed' }, id]);
    // A product that was deleted leaves no name behind.
    const text = lines.map((line) => `${line.quantity} x ${line.name.toUpperCase()}`).join(', ');
    await connection.commit();
    return `${order.id}: ${text} = ${order.total}`;
  } catch (error) {
    await connection.rollback();
    throw error;
  } finally {
    connection.release();
  }
}

async function transfer(from, to, amount) {
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    await connection.execute('UPDATE accounts SET balance = balance - ? WHERE id = ?', [amount, from]);
    await new Promise((done) => setTimeout(done, 100));
    await connection.execute('UPDATE accounts SET balance = balance + ? WHERE id = ?', [amount, to]);
    await connection.commit();
    return 'done';
  } catch (error) {
    await connection.rollback();
    throw error;
  } finally {
    connection.release();
  }
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const work = url.pathname === '/receipt'
    ? receipt(Number(url.searchParams.get('id')), request.headers['x-token'])
    : transfer(...['from', 'to', 'amount'].map((name) => Number(url.searchParams.get(name))));
  work.then(
    (text) => response.end(text),
    (error) => {
      console.error(error);
      response.statusCode = 500;
      response.end('sorry');
    },
  );
});
server.listen(Number(process.env.PORT), () => console.log('orders is listening'));
