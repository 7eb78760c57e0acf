import { guarded } from '../../core/guard.js';
import type { Recorder } from '../../core/recorder.js';
import { field, textField } from '../../drivers/shared/values.js';
import { wrapMethod } from '../../drivers/shared/wrap.js';
import { BrokerEvent } from '../shared/broker-event.js';
import type { RawMessage } from '../shared/raw-message.js';
import { brokerOf, noteTopics } from './cluster.js';
import { keyBytes, headersOf } from './message.js';

/** What is asked of brokers: writing messages, and what is told about topics where that fails. Groups and fetching are protocol. */
export function patchBroker(exports: unknown, recorder: Recorder): void {
  const prototype = field(exports, 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error('the client has no Broker');
  const produced = guarded('messages that kafkajs writes', (broker: unknown, request: unknown) => produce(broker, request, recorder), []);
  const answer = guarded('answers to kafkajs', answerAll, undefined);
  const known = wrapMethod(prototype, 'produce', (original) => function produce(this: unknown, ...args) {
    const events = produced(this, args[0]);
    return followed(original.apply(this, args), (response) => answer(events, response), (error) => {
      for (const event of events) event.failed(error, codeOf(error));
    });
  });
  if (!known) throw new Error('the broker has no produce');
  const told = guarded('topics of Kafka', noteTopics, undefined);
  const failed = guarded('topics of Kafka', (broker: unknown, topics: unknown, error: unknown) => ask(broker, 'metadata', topics, recorder)?.failed(error, codeOf(error)), undefined);
  wrapMethod(prototype, 'metadata', (original) => function metadata(this: unknown, ...args) {
    return followed(original.apply(this, args), told, (error) => failed(this, args[0], error));
  });
  const created = guarded('topics of Kafka', (broker: unknown, request: unknown) => {
    const topics = field(request, 'topics');
    return ask(broker, 'createTopics', Array.isArray(topics) ? topics.map((one) => textField(one, 'topic') ?? '') : [], recorder);
  }, null);
  wrapMethod(prototype, 'createTopics', (original) => function createTopics(this: unknown, ...args) {
    const event = created(this, args[0]);
    return followed(original.apply(this, args), () => event?.answered(), (error) => event?.failed(error, codeOf(error)));
  });
}

function followed(result: unknown, answered: (value: unknown) => void, failed: (error: unknown) => void): unknown {
  if (!(result instanceof Promise)) return result;
  return result.then(
    (value: unknown) => {
      answered(value);
      return value;
    },
    (error: unknown) => {
      failed(error);
      throw error;
    },
  );
}

/** The number that the broker gave; errors of several topics have it in their members. */
function codeOf(error: unknown): { readonly code?: string } {
  const members = field(error, 'errors');
  const code = field(Array.isArray(members) ? members[0] : error, 'code');
  return typeof code === 'number' ? { code: String(code) } : {};
}

function ask(broker: unknown, operation: string, topics: unknown, recorder: Recorder): BrokerEvent | null {
  const asked = brokerOf(broker);
  if (asked === null || !Array.isArray(topics)) return null;
  return BrokerEvent.begin(recorder, { broker: asked, operation, message: { destination: topics.map(String).toSorted().join(',') } });
}

/** One event for each message of a request: they are written together, and fail together. */
function produce(broker: unknown, request: unknown, recorder: Recorder): readonly BrokerEvent[] {
  const asked = brokerOf(broker);
  if (asked === null) return [];
  return messagesOf(request).flatMap((message) => {
    const event = BrokerEvent.begin(recorder, { broker: asked, operation: 'publish', message });
    return event === null ? [] : [event];
  });
}

function* messages(request: unknown): Generator<RawMessage> {
  const topics = field(request, 'topicData');
  for (const one of Array.isArray(topics) ? topics : []) {
    const partitions = field(one, 'partitions');
    for (const part of Array.isArray(partitions) ? partitions : []) {
      const list = field(part, 'messages');
      for (const message of Array.isArray(list) ? list : []) yield rawOf(message, textField(one, 'topic') ?? '');
    }
  }
}

function messagesOf(request: unknown): readonly RawMessage[] {
  return [...messages(request)];
}

/** As an application gives it. */
function rawOf(message: unknown, topic: string): RawMessage {
  const value = field(message, 'value');
  const headers = field(message, 'headers');
  return {
    destination: topic,
    key: keyBytes(field(message, 'key')),
    headers: headers === undefined || headers === null ? undefined : () => headersOf(headers),
    body: value instanceof Uint8Array || typeof value === 'string' ? value : undefined,
  };
}

/** Offsets are told for the first message of a request. */
function answerAll(events: readonly BrokerEvent[], response: unknown): void {
  const topics = field(response, 'topics');
  const partitions = field(Array.isArray(topics) ? topics[0] : undefined, 'partitions');
  const first: unknown = Array.isArray(partitions) ? partitions[0] : undefined;
  const offset = textField(first, 'baseOffset') ?? textField(first, 'offset');
  for (const [index, event] of events.entries()) event.answered(index === 0 && offset !== undefined ? { offset } : undefined);
}
