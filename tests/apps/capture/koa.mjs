import Koa from 'koa';
const app = new Koa();
app.silent = true;
app.use(async (ctx, next) => {
  if (ctx.path !== '/emitted') return next();
  try {
    await next();
  } catch (error) {
    ctx.status = 500;
    ctx.app.emit('error', error, ctx);
  }
});
app.use(async (ctx) => {
  switch (ctx.path) {
    case '/ok': ctx.body = 'ok'; return;
    case '/thrown': await null; throw new TypeError('thrown in a middleware');
    case '/emitted': throw new RangeError('emitted');
    case '/teapot': ctx.throw(418, 'short and stout');
  }
});
const server = app.listen(0, '127.0.0.1', () => console.log('listening', server.address().port));
