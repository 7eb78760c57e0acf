/** Signatures, and their time, in the query of a presigned address. How long it holds and what is signed stay: they are asked for. */
const SIGNING = /^x-(?:amz|goog)-(?:credential|date|signature|security-token)$/i;
/** The older form, in which `Expires` is a time. */
const OLDER = /^(?:signature|expires|awsaccesskeyid|x-amz-security-token)$/i;

/** Which parameters of a query only prove that it may be asked. */
export function signingNames(query: URLSearchParams): (name: string) => boolean {
  const older = query.has('AWSAccessKeyId') && query.has('Signature');
  return (name) => SIGNING.test(name) || (older && OLDER.test(name));
}
