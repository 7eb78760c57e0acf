import { AsyncLocalStorage } from 'node:async_hooks';

/** What a client library says it is doing: tags for the HTTP exchanges that it causes. */
export interface Operation {
  readonly service: 's3';
  /** `rpc.method`, `aws.s3.bucket`, `aws.s3.key`. */
  readonly attributes: Readonly<Record<string, string>>;
}

const operations = new AsyncLocalStorage<{ readonly operation: Operation; over: boolean }>();

/** The operation in whose course the caller runs. The HTTP capture reads it when an outgoing request begins. */
export function currentOperation(): Operation | undefined {
  const current = operations.getStore();
  // Listeners on the response's body inherit the context; what they do next is the application's own.
  return current === undefined || current.over ? undefined : current.operation;
}

/** The operation lasts until the promise settles. */
export async function runOperation<R>(operation: Operation, fn: () => Promise<R>): Promise<R> {
  const cell = { operation, over: false };
  try {
    return await operations.run(cell, fn);
  } finally {
    cell.over = true;
  }
}
