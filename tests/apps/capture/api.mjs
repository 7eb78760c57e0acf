import http from 'node:http';
import { captureException, entry, init, state } from '@deja/capture';

init({ service: 'named', release: '7.1.0' });
const jobs = async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  state('attempts', 3);
  throw new RangeError('the job failed');
};
const app = http.createServer(async (req, res) => {
  switch (req.url) {
    case '/reported': {
      state('cart', { lines: 2, password: 'correct horse' });
      const error = new TypeError('handled by the application');
      captureException(error);
      captureException(error);
      res.end('fine');
      break;
    }
    case '/twice': {
      const error = new TypeError('reported and thrown');
      captureException(error);
      res.statusCode = 500;
      res.end();
      break;
    }
    case '/job':
      res.end(await entry('nightly', jobs).catch((error) => error.message));
      break;
    case '/outside':
      setTimeout(() => res.end(), 5);
      break;
  }
});
app.listen(0, '127.0.0.1', () => console.log('listening', app.address().port));
