/** For files that hold parts of packages (plans): the schemas of those parts, and the check that names the first wrong place. */
export { firstProblem } from './validate.js';
export { pathText, type Problem } from './explain-issue.js';
export { type Fields } from './schema/fields.js';
export { body, count, extendedJson, headerList, port, position, sha256Hex, strings } from './schema/common.js';
export { cell, httpOutcome, ioError, message, messageOutcome, mongodbOutcome, redisCommand, redisOutcome, socketOutcome, sqlResult } from './schema/event.js';
export { address, trigger } from './schema/context.js';
