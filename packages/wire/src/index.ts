export { WireError } from './error.js';
export { RespCommandParser } from './resp/command-parser.js';
export { encodeCommand } from './resp/encode-command.js';
export { encodeResp, type RespValue, type RespVersion } from './resp/encode.js';
export { RespReplySplitter } from './resp/reply-splitter.js';
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
export { MysqlReader } from './mysql/reader.js';
export { type MysqlPacket, MysqlPacketParser, mysqlPackets } from './mysql/packets.js';
export { MARIADB_EXTENDED_METADATA, MYSQL_CAN, MYSQL_STATUS } from './mysql/capabilities.js';
export { type MysqlGreeting, mysqlGreeting, readMysqlGreeting } from './mysql/greeting.js';
export { mysqlAuthMore, mysqlChangeUser, mysqlLogin, type MysqlLogin, readMysqlChangeUser, readMysqlLogin } from './mysql/login.js';
export { type MysqlCommand, mysqlQuery, readMysqlCommand } from './mysql/command.js';
export { type MysqlParameterTypes, type MysqlValue, readMysqlParameters } from './mysql/parameters.js';
export { MysqlResponse, type MysqlResponseKind } from './mysql/response.js';
export { MYSQL_BINARY, MYSQL_TYPE, MYSQL_UNSIGNED } from './mysql/types.js';
export { mysqlBinaryRow, mysqlColumn, type MysqlColumn, mysqlEnd, mysqlError, mysqlInteger, mysqlOk, mysqlPrepared, mysqlTextColumn, mysqlTextRow } from './mysql/build.js';
export { type NatsClientOperation, NatsClientParser } from './nats/client-parser.js';
export { NATS_OK, NATS_PING, NATS_PONG, type NatsDelivery, natsError, natsInfo, natsMessage, natsSubjectMatches, readNatsHeaders } from './nats/server.js';
export { AMQP_HEARTBEAT, AMQP_PROTOCOL, AmqpClientParser, type AmqpClientEvent, amqpContent, amqpMethod } from './amqp/frames.js';
export { type AmqpMethod, type AmqpMethodName, amqpMethodId, isAmqpMethod } from './amqp/methods.js';
export type { AmqpTable } from './amqp/table.js';
export {
  apiVersionsAnswer, coordinatorAnswer, createTopicsAnswer, fetchAnswer, initProducerIdAnswer, joinGroupAnswer, kafkaAnswer, type KafkaNode, type KafkaTopic, listOffsetsAnswer, metadataAnswer,
  offsetCommitAnswer, offsetFetchAnswer, plainAnswer, produceAnswer, type ProducedPartition, saslAuthenticateAnswer, saslHandshakeAnswer, syncGroupAnswer,
} from './kafka/answers.js';
export { type KafkaRecord, readRecordBatches, writeRecordBatch } from './kafka/records.js';
export { type KafkaQuestion, type KafkaRequest, KafkaRequestParser, type TopicPartitions } from './kafka/requests.js';
