import { AsyncLocalStorage } from 'node:async_hooks';

/** What a client library says it is doing: tags for the HTTP exchanges that it causes. */
export interface Operation {
  readonly service: 's3';
  /** `rpc.method`, `aws.s3.bucket`, `aws.s3.key`. */
  readonly attributes: Readonly<Record<string, string>>;
}

const operations = new AsyncLocalStorage<Operation>();

/** The operation in whose course the caller runs. The HTTP capture reads it when an outgoing request begins. */
export function currentOperation(): Operation | undefined {
  return operations.getStore();
}

export function runOperation<R>(operation: Operation, fn: () => R): R {
  return operations.run(operation, fn);
}
