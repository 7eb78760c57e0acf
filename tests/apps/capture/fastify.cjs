const app = require('fastify')();
app.get('/ok', async () => ({ ok: true }));
app.get('/thrown', async () => { throw new TypeError('thrown in a route'); });
app.listen({ port: 0, host: '127.0.0.1' }).then(() => console.log('listening', app.server.address().port));
