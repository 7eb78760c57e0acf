/** The fixture compiler on one request of many statements: see `fixtures/scale/run.ts`. */
import './fixtures/scale/run.ts';
