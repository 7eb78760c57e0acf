import type { z } from 'zod';
import type { ErrorPackage } from '../../package.js';
import { checkTimeline } from '../check-timeline.js';
import { pathText } from '../explain-issue.js';
import { refuse } from '../package-error.js';
import { firstProblem } from '../validate.js';
import type { PackageFiles, Version } from './files.js';

/** Version 1 is the newest: its package is the package in memory. */
export type PackageV1 = ErrorPackage;

export const v1: Version<PackageV1> = {
  files: ['manifest.json', 'failure.json', 'context.json', 'services.json', 'timeline.jsonl', 'state.json'],

  async parse({ json, blobs }: PackageFiles, name: string): Promise<PackageV1> {
    // Loaded on first use: zod is most of the start-up time of whatever reads a package.
    const { packageFiles } = await import('../schema/index.js');
    const wrong = firstProblem(packageFiles, json);
    if (wrong) {
      const [file, ...rest] = wrong.path;
      const line = file === 'timeline.jsonl' && typeof rest[0] === 'number' ? ` line ${rest[0] + 1}` : '';
      const field = pathText(line ? rest.slice(1) : rest);
      throw refuse('INVALID', name, `${String(file)}${line}: ${field ? `${field}: ` : ''}${wrong.problem}`);
    }
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
