import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { MONGODB_KIND, mongodbAnswer, type MongodbMessage, mongodbMessage, MongodbMessageParser, mongodbQueryAnswer, readMongodbOpMsg, readMongodbQuery } from '@deja/wire/mongodb';
import { deserialize, serialize } from 'bson';

type Fields = Readonly<Record<string, unknown>>;

export interface MongodbAsked {
  readonly name: string;
  readonly fields: Fields;
  /** How often a command of this name has come, from 1. */
  readonly time: number;
}

/** What happens to a command in place of its going to the server as it is. */
export type MongodbDeed = { readonly reply: Fields } | { readonly cut: 'fin' | 'rst' } | { readonly silent: true } | { readonly waitMs: number } | { readonly pass: Fields };

export interface MongodbFront {
  readonly meddle?: (asked: MongodbAsked) => MongodbDeed | undefined;
  /** Further fields of what the server says of itself. @param address of the front */
  readonly hello?: (address: string) => Fields;
}

const KEPT = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true };

/** Stands before a server of MongoDB and does to some commands what a failing server or network does. Gives its port. */
export async function mongodbFront(stack: AsyncDisposableStack, upstreamPort: number, { meddle, hello }: MongodbFront): Promise<number> {
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  let port = 0;
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => [client, upstream].forEach((one) => one.destroy()));
    }
    const greetings = new Set<number>();
    const answer = ({ id, kind }: Pick<MongodbMessage, 'id' | 'kind'>, document: Fields): void => {
      const make = kind === MONGODB_KIND.query || kind === MONGODB_KIND.reply ? mongodbQueryAnswer : mongodbAnswer;
      client.write(make(serialize(document), { id: 1, answers: id }));
    };
    const asked = async (message: MongodbMessage): Promise<void> => {
      const { name, fields } = questionOf(message);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (/^(?:hello|ismaster)$/i.test(name)) greetings.add(message.id);
      const deed = meddle?.({ name, fields, time: counts.get(name) ?? 1 });
      if (deed === undefined) upstream.write(again(message));
      else if ('reply' in deed) answer(message, deed.reply);
      else if ('pass' in deed) upstream.write(mongodbMessage(message, [Buffer.alloc(5), serialize(deed.pass)]));
      else if ('cut' in deed) client[deed.cut === 'rst' ? 'resetAndDestroy' : 'destroySoon']();
      else if ('waitMs' in deed) await sleep(deed.waitMs).then(() => upstream.write(again(message)));
    };
    const [questions, answers] = [new MongodbMessageParser(), new MongodbMessageParser()];
    client.on('data', (chunk: Buffer) => questions.push(chunk).forEach((message) => void asked(message)));
    upstream.on('data', (chunk: Buffer) => {
      for (const message of answers.push(chunk)) {
        if (hello === undefined || !greetings.delete(message.answers)) client.write(again(message));
        else answer({ id: message.answers, kind: message.kind }, { ...answerIn(message), ...hello(`127.0.0.1:${port}`) });
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  return port;
}

function again(message: MongodbMessage): Buffer {
  return mongodbMessage(message, [message.body]);
}

function questionOf({ kind, body }: MongodbMessage): { readonly name: string; readonly fields: Fields } {
  const fields = deserialize(kind === MONGODB_KIND.query ? readMongodbQuery(body).document : readMongodbOpMsg(body).document, KEPT);
  return { name: Object.keys(fields)[0] ?? '', fields };
}

function answerIn({ kind, body }: MongodbMessage): Fields {
  return deserialize(kind === MONGODB_KIND.reply ? body.subarray(20) : readMongodbOpMsg(body).document, KEPT);
}
