import { buildApp } from './app.js';
import { readConfig } from './config.js';

const config = readConfig(process.env);
const app = buildApp(config);
await app.listen({ host: '127.0.0.1', port: config.port });
console.log(`shop listens on http://127.0.0.1:${config.port}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close().then(() => process.exit(0)));
