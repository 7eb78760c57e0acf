/** Clients of S3 as they are published, each in a folder of its own: two versions of one library cannot live in one. */
import type * as sdk from '@aws-sdk/client-s3';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { npmFolder } from '../../../tests/support/npm-folder.ts';

export type Sdk = typeof sdk;
export type S3Client = InstanceType<Sdk['S3Client']>;

/** What is used of `@aws-sdk/lib-storage`. */
export interface Storage {
  readonly Upload: new (options: { readonly client: S3Client; readonly params: object; readonly partSize?: number; readonly queueSize?: number; readonly leavePartsOnError?: boolean }) => { done(): Promise<object> };
}

/** What is used of `@aws-sdk/s3-request-presigner`. */
export interface Presigner {
  readonly getSignedUrl: (client: S3Client, command: object, options: { readonly expiresIn: number }) => Promise<string>;
}

/** The third SDK: `before` the checksums that it now sends and checks by itself, and since. */
export interface Sdk3 {
  readonly name: string;
  readonly s3: () => Sdk;
  readonly storage: () => Storage;
  readonly presigner: () => Presigner;
}

/** Throws where they cannot be installed. */
function load<T>(packages: readonly string[], name: string): T {
  const made = npmFolder(packages);
  if ('missing' in made) throw new Error(made.missing);
  return createRequire(join(made.folder, 'package.json'))(name) as T;
}

function sdk3(name: string, client: string, presigner: string): Sdk3 {
  const packages = [`@aws-sdk/client-s3@${client}`, `@aws-sdk/lib-storage@${client}`, `@aws-sdk/s3-request-presigner@${presigner}`];
  return { name, s3: () => load(packages, '@aws-sdk/client-s3'), storage: () => load(packages, '@aws-sdk/lib-storage'), presigner: () => load(packages, '@aws-sdk/s3-request-presigner') };
}

export const SDK3_OLD = sdk3('client-s3 3.726', '3.726.1', '3.726.1');
export const SDK3_NEW = sdk3('client-s3 3.1173', '3.1173.0', '3.1164.0');

type Answer = Promise<Record<string, unknown>>;
type Call = (params: object) => { promise(): Answer; createReadStream(): Readable };

/** What is used of `aws-sdk`. */
export interface Sdk2 {
  readonly S3: new (options: object) => {
    readonly [operation in 'getObject' | 'headObject' | 'putObject' | 'copyObject' | 'deleteObjects' | 'listObjects' | 'listObjectsV2' | 'createMultipartUpload' | 'uploadPart' | 'completeMultipartUpload' | 'abortMultipartUpload' | 'listParts' | 'putObjectTagging' | 'getObjectTagging']: Call;
  } & { upload(params: object, options?: object): { promise(): Answer }; getSignedUrl(operation: string, params: object): string };
}

export function sdk2(): Sdk2 {
  return load(['aws-sdk@2.1693.0'], 'aws-sdk');
}

/** What is used of `minio`. */
export interface Minio {
  readonly Client: new (options: object) => {
    getObject(bucket: string, key: string): Promise<Readable>;
    getPartialObject(bucket: string, key: string, offset: number, length: number): Promise<Readable>;
    statObject(bucket: string, key: string): Promise<object>;
    putObject(bucket: string, key: string, body: string | Buffer | Readable, size?: number, metadata?: object): Promise<object>;
    listObjectsV2(bucket: string, prefix: string, recursive: boolean): Readable;
    removeObject(bucket: string, key: string): Promise<void>;
    removeObjects(bucket: string, keys: readonly string[]): Promise<unknown>;
    presignedGetObject(bucket: string, key: string, seconds: number): Promise<string>;
    presignedPutObject(bucket: string, key: string, seconds: number): Promise<string>;
    setObjectTagging(bucket: string, key: string, tags: object): Promise<void>;
    getObjectTagging(bucket: string, key: string): Promise<unknown>;
    bucketExists(bucket: string): Promise<boolean>;
    makeBucket(bucket: string): Promise<void>;
    removeBucket(bucket: string): Promise<void>;
  };
}

export function minio(): Minio {
  return load(['minio@8.0.7'], 'minio');
}
