import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jsonSchemas } from './json-schema.js';

test.each(Object.entries(jsonSchemas()))('docs/schema/%s is what the reader checks (refresh: npx vitest run packages/format -u)', async (name, schema) => {
  const published = join(import.meta.dirname, '../../../../docs/schema', name);
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(published);
});
