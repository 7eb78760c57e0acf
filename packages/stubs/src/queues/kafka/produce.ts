import { type KafkaQuestion, produceAnswer } from '@deja/wire';
import type { MessageExchange } from '../../plan.js';
import type { MessageQuestion } from '../match.js';

type Produce = Extract<KafkaQuestion, { api: 'produce' }>;

/** Every message of a request, as events have it. Times are the client's clock. */
export function questionsOf({ topics }: Produce): readonly { readonly question: MessageQuestion }[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.flatMap(({ records }) =>
      records.map(({ key, value, headers }) => ({
        question: { operation: 'publish', destination: topic, key, headers: headers.map(([name, bytes]) => [name, bytes.toString()] as const), payload: value ?? Buffer.alloc(0) },
      })),
    ),
  );
}

/** The number of an error as the protocol has it; 0 where it was none, or none of the broker's. */
export function statusOf({ outcome }: Pick<MessageExchange, 'outcome'>): number {
  return 'error' in outcome && /^-?\d+$/.test(outcome.error.code ?? '') ? Number(outcome.error.code) : 0;
}

/** All partitions of a request have what its messages had. */
export function produced({ topics }: Produce, error: number, exchanges: readonly MessageExchange[]): Buffer {
  const told = exchanges.flatMap(({ outcome }) => ('ok' in outcome ? [outcome.ok.fields?.['offset']] : [])).find((offset) => offset !== undefined);
  const offset = typeof told === 'string' && /^-?\d+$/.test(told) ? BigInt(told) : error === 0 ? 0n : -1n;
  return produceAnswer(topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(({ partition }) => ({ partition, error, offset })) })));
}
