/** Stubs against real clients: `npm run bench -- stubs`, and the options of `stubs/run/run.ts`. */
import './stubs/run/run.ts';
