export { canonicalJson } from './canonical-json.js';
export { makeBody, type BodyOptions } from './make-body.js';
export { sha256 } from './sha256.js';
export { writePackage, writePackageFile } from './write-package.js';
