import type { Instrumentation } from '../core/instrumentation.js';
import { hookModule } from '../hooks/module-hooks.js';
import { runOperation } from './operation.js';
import { field, isFunction, textField } from './shared/values.js';
import { wrapMethod } from './shared/wrap.js';

/**
 * S3 by the AWS SDK. The exchanges are HTTP and are observed there; here they learn what they are about. A middleware next to the
 * HTTP handler sees only them, and not the requests for credentials that the same call may cause.
 */
export const s3: Instrumentation = {
  name: '@aws-sdk/client-s3',
  install() {
    let on = true;
    const known = new WeakSet<object>();
    const join = (client: unknown): void => {
      if (!on || typeof client !== 'object' || client === null || known.has(client)) return;
      known.add(client);
      const stack = field(client, 'middlewareStack');
      const add = field(stack, 'add');
      if (isFunction(add)) add.call(stack, middleware, { step: 'deserialize', priority: 'low', name: 'dejaOperation', override: true });
    };
    hookModule(
      '@aws-sdk/client-s3',
      (exports) => {
        const prototype = field(field(exports, 'S3Client'), 'prototype');
        if (typeof prototype !== 'object' || prototype === null) throw new Error('S3Client has another shape than expected');
        wrapMethod(prototype, 'send', (original) => function send(this: unknown, ...args) {
          try {
            join(this);
          } catch {
            // The exchange is then told as plain HTTP.
          }
          return original.apply(this, args);
        });
      },
      { versions: '>=3 <4' },
    );
    return { [Symbol.dispose]: () => void (on = false) };
  },
};

type Handler = (args: unknown) => Promise<unknown>;

function middleware(next: Handler, context: unknown): Handler {
  const method = textField(context, 'commandName')?.replace(/Command$/, '') ?? '';
  return (args) => {
    const input = field(args, 'input');
    const bucket = textField(input, 'Bucket');
    const key = textField(input, 'Key');
    const attributes = {
      'rpc.method': method,
      ...(bucket === undefined ? {} : { 'aws.s3.bucket': bucket }),
      ...(key === undefined ? {} : { 'aws.s3.key': key }),
    };
    return runOperation({ service: 's3', attributes }, () => next(args));
  };
}
