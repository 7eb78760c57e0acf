import type { z, ZodType } from 'zod';
import type { ErrorPackage } from '../../package.js';
import { checkTimeline } from '../check-timeline.js';
import { pathText } from '../explain-issue.js';
import { refuse } from '../package-error.js';
import { firstProblem } from '../validate.js';
import type { PackageFiles, Version } from './files.js';

/** Version 1 is the newest: its package is the package in memory. */
export type PackageV1 = ErrorPackage;

const TIMELINE = 'timeline.jsonl';

export const v1: Version<PackageV1> = {
  files: ['manifest.json', 'failure.json', 'context.json', 'services.json', 'timeline.jsonl', 'state.json'],

  async parse({ json, blobs }: PackageFiles, name: string): Promise<PackageV1> {
    // Loaded on first use: zod is most of the start-up time of whatever reads a package.
    const { ioEvent, packageFiles } = await import('../schema/index.js');
    for (const [file, schema] of Object.entries(packageFiles.shape)) {
      if (file !== TIMELINE) requireSound(schema, json[file], file, name);
    }
    // Line by line: what zod makes of one is garbage before the next.
    for (const [index, line] of (json[TIMELINE] as readonly unknown[]).entries()) requireSound(ioEvent, line, `${TIMELINE} line ${index + 1}`, name);
    // The parsed JSON itself, not zod's copy: fields that this version does not know survive, and memory is not doubled.
    const files = json as z.infer<typeof packageFiles>;
    const { databases, servers } = files['services.json'];
    const pkg: PackageV1 = {
      manifest: files['manifest.json'],
      failure: files['failure.json'],
      context: files['context.json'],
      databases,
      servers,
      timeline: files['timeline.jsonl'],
      state: files['state.json'],
      blobs,
    };
    const problem = checkTimeline({ databases, servers, events: pkg.timeline, requests: pkg.context.requests.length });
    if (problem) throw refuse('INVALID', name, `timeline.jsonl: ${problem}`);
    return pkg;
  },
};

function requireSound(schema: ZodType, value: unknown, where: string, name: string): void {
  const wrong = firstProblem(schema, value);
  if (!wrong) return;
  const field = pathText(wrong.path);
  throw refuse('INVALID', name, `${where}: ${field ? `${field}: ` : ''}${wrong.problem}`);
}
