import express, { Router } from 'express';
const app = express();
const router = Router();
router.get('/ok', (req, res) => res.send('ok'));
router.get('/thrown', () => { throw new TypeError('thrown in a route'); });
app.use(router);
const server = app.listen(0, '127.0.0.1', () => console.log('listening', server.address().port));
