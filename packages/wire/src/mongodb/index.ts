export { MONGODB_HEADER, MONGODB_KIND, type MongodbMessage, mongodbMessage } from './header.js';
export { mongodbAnswer, type MongodbOpMsg, readMongodbOpMsg } from './op-msg.js';
export { mongodbQueryAnswer, readMongodbQuery } from './op-query.js';
export { MongodbMessageParser } from './parser.js';
