/** The application of every scenario: a request names one, and what its client shows is what the request fails with. */
import fastify from 'fastify';
import { scenarioNamed } from './scenarios/index.ts';

interface Wanted {
  readonly set: string;
  readonly name: string;
  readonly host: string;
  readonly port: string;
  readonly url: string;
}

const app = fastify();
app.get<{ Querystring: Wanted }>('/', async ({ query: { set, name, host, port, url } }) => {
  const { ask } = await scenarioNamed(set, name);
  throw new Error(JSON.stringify(await ask({ host, port: Number(port), url })));
});
console.log(`listening at ${await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' })}`);
