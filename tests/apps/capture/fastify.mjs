import Fastify from 'fastify';
const app = Fastify();
app.get('/ok', async () => ({ ok: true }));
app.get('/thrown', async () => { throw new TypeError('thrown in a route'); });
app.get('/sent', (request, reply) => { setTimeout(() => reply.send(new RangeError('sent as an answer')), 5); });
app.get('/hooked', { preHandler: async () => { throw new Error('in a hook'); } }, async () => 'never');
app.get('/teapot', async () => { throw Object.assign(new Error('short and stout'), { statusCode: 418 }); });
app.get('/validated', { schema: { querystring: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } } } }, async () => 'valid');
await app.register(async (child) => {
  child.setErrorHandler((error, request, reply) => { reply.code(500).send({ sorry: true }); });
  child.get('/handled', async () => { throw new EvalError('for the handler'); });
  child.get('/handled-hook', { preHandler: async () => { throw new EvalError('of a hook, for the handler'); } }, async () => 'never');
});
await app.listen({ port: 0, host: '127.0.0.1' });
console.log('listening', app.server.address().port);
