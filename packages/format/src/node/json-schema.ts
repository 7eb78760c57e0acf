import { z } from 'zod';
import { packageFiles, timeline } from './schema/index.js';

/** The published JSON Schemas by file name, generated from what the reader checks. */
export function jsonSchemas(): Readonly<Record<string, object>> {
  return {
    'package-1.schema.json': {
      ...z.toJSONSchema(packageFiles, { io: 'input' }),
      title: 'Deja error package, version 1',
      description: 'The JSON files of the zip by name; timeline.jsonl as the list of its lines, one event each.',
    },
    'timeline-1.schema.json': {
      ...z.toJSONSchema(timeline, { io: 'input' }),
      title: 'Deja stand-alone timeline, version 1',
      description: 'One JSON document: databases, servers and the ordered events.',
    },
  };
}
