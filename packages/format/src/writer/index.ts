export { canonicalJson } from './canonical-json.js';
export { makeBody, type BodyOptions } from './make-body.js';
export { makeFolder } from './make-folder.js';
export { sha256 } from './sha256.js';
export { writePackage, writePackageFile } from './write-package.js';
