export { WireError } from './error.js';
export { RespCommandParser } from './resp/command-parser.js';
export { encodeResp, type RespValue, type RespVersion } from './resp/encode.js';
