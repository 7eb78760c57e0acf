/** What users of S3 see by the clients that they use it with. */
import type { Scenario } from '../scenario.ts';
import { changed } from './s3-changed.ts';
import { throughMinio } from './s3-minio.ts';
import { failures } from './s3-sdk3-failures.ts';
import { throughSdk2 } from './s3-sdk2.ts';
import { operations } from './s3-sdk3.ts';
import { SDK3_NEW, SDK3_OLD } from './s3-libraries.ts';

export const scenarios: readonly Scenario[] = [
  ...[SDK3_OLD, SDK3_NEW].flatMap((sdk) => [...operations(sdk), ...failures(sdk)]),
  ...throughSdk2,
  ...throughMinio,
  ...changed,
];
