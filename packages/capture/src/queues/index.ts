import type { QueueClient } from '../core/incoming.js';
import { amqplib } from './amqp/index.js';
import { kafkajs } from './kafka/index.js';
import { nats } from './nats/index.js';

/** The client libraries of brokers. */
export const QUEUE_CLIENTS: readonly QueueClient[] = [nats, amqplib, kafkajs];
