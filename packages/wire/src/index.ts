export { WireError } from './error.js';
export { RespCommandParser } from './resp/command-parser.js';
export { encodeResp, type RespValue, type RespVersion } from './resp/encode.js';
export type { PgFrontendMessage } from './postgres/frontend.js';
export { PgFrontendParser } from './postgres/frontend-parser.js';
export { type PgBackendMessage, PgBackendParser } from './postgres/backend-parser.js';
export { PgReader } from './postgres/reader.js';
export {
  pgBare,
  type PgColumn,
  pgCommandComplete,
  pgDataRow,
  pgErrorResponse,
  pgMessage,
  pgParameterDescription,
  pgParameterStatus,
  pgParse,
  pgQuery,
  pgReadyForQuery,
  pgRowDescription,
  pgStartup,
} from './postgres/build.js';
export { addressBytes, type DnsQuestion, type DnsResult, type DnsType, encodeDnsAnswer, parseDnsQuestion } from './dns/message.js';
export { DnsTcpParser, frameDnsOverTcp } from './dns/tcp-parser.js';
