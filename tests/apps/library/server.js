// A service with its data in MongoDB: a loan is read with its book and noted, a book is lent once.
import { createServer } from 'node:http';
import { MongoClient } from 'mongodb';

const client = new MongoClient(process.env.MONGODB_URL, { maxPoolSize: 4 });
const db = client.db('library');
await db.collection('loans').createIndex({ book: 1 }, { unique: true });

async function loan(id, token) {
  const session = await db.collection('sessions').findOne({ token });
  const found = await db.collection('loans').findOne({ _id: id, reader: session.reader });
  const [book, copies] = await Promise.all([
    db.collection('books').findOne({ _id: found.book }),
    db.collection('copies').find({ book: found.book }, { batchSize: 2, sort: { shelf: 1 } }).toArray(),
  ]);
  const { insertedId } = await db.collection('readings').insertOne({ loan: id, at: new Date() });
  await db.collection('loans').updateOne({ _id: id }, { $set: { reading: insertedId } });
  // A book that came as a gift has no title yet.
  return `${book.title.toUpperCase()} (${copies.map(({ shelf }) => shelf).join(', ')})`;
}

async function lend(book, reader) {
  const { insertedId } = await db.collection('loans').insertOne({ book, reader, since: new Date() });
  return `lent ${insertedId}`;
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const number = (name) => Number(url.searchParams.get(name));
  const work = url.pathname === '/loan' ? loan(number('id'), request.headers['x-token']) : lend(number('book'), number('reader'));
  work.then(
    (text) => response.end(text),
    (error) => {
      console.error(error);
      response.statusCode = 500;
      response.end('sorry');
    },
  );
});
server.listen(Number(process.env.PORT), () => console.log('library is listening'));
