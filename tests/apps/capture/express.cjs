const express = require('express');
const app = express();
app.use(express.json());
app.get('/ok', (req, res) => res.send('ok'));
app.get('/thrown', () => { throw new TypeError('thrown in a route'); });
app.get('/next', (req, res, next) => setTimeout(() => next(new RangeError('passed on')), 5));
app.get('/async', async (req, res, next) => {
  try {
    await new Promise((resolve) => setTimeout(resolve, 5));
    throw new SyntaxError('rejected');
  } catch (error) {
    next(error);
  }
});
app.get('/rejected', async () => { throw new SyntaxError('rejected for real'); });
const mounted = express.Router();
mounted.get('/inner', () => { throw new Error('in a mounted router'); });
app.use('/mounted', mounted);
app.get('/teapot', (req, res, next) => next(Object.assign(new Error('short and stout'), { status: 418 })));
app.get('/handled', () => { throw new EvalError('for the handler'); });
app.get('/forgiven', () => { throw new EvalError('forgiven'); });
app.post('/echo', (req, res) => res.status(500).json(req.body));
app.use((error, req, res, next) => {
  if (req.path === '/handled') res.status(500).send('sorry');
  else if (req.path === '/forgiven') res.status(200).send('never mind');
  else next(error);
});
const server = app.listen(0, '127.0.0.1', () => console.log('listening', server.address().port));
