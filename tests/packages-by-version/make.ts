/**
 * Writes the kept package of the newest version: `node tests/packages-by-version/make.ts`. Run once when a version is released;
 * the packages of older versions are never written again.
 */
import { join } from 'node:path';
import { FORMAT_VERSION } from '@deja/format';
import { writePackageFile } from '@deja/format/writer';
import { examplePackage } from '../support/example-package.ts';

writePackageFile(join(import.meta.dirname, `v${FORMAT_VERSION}`, 'shop.deja'), examplePackage());
