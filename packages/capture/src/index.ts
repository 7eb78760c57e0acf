export { init, type InitOptions } from './init.js';
export { captureException, entry, state } from './report.js';
