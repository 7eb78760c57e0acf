import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

export interface Receipt {
  readonly order: number;
  /** In cents. */
  readonly total: number;
  readonly charge: string;
}

export class ReceiptFormatError extends Error {
  override readonly name = 'ReceiptFormatError';
  readonly key: string;

  constructor(key: string, message: string) {
    super(message);
    this.key = key;
  }
}

const MAGIC = 'RCPT';
const VERSION = 1;
const HEADER_BYTES = 17;

/** Magic, version, order, total, length of the charge's id, the id. */
export function encodeReceipt(receipt: Receipt): Buffer {
  const charge = Buffer.from(receipt.charge);
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  header.writeUInt8(VERSION, 4);
  header.writeUInt32BE(receipt.order, 5);
  header.writeUInt32BE(receipt.total, 9);
  header.writeUInt32BE(charge.length, 13);
  return Buffer.concat([header, charge]);
}

export function parseReceipt(key: string, bytes: Buffer): Receipt {
  const magic = bytes.toString('latin1', 0, 4);
  if (magic !== MAGIC) throw new ReceiptFormatError(key, `${key} is no receipt: it begins with ${JSON.stringify(magic)}`);
  const version = bytes.readUInt8(4);
  if (version !== VERSION) throw new ReceiptFormatError(key, `${key} has version ${version}, not ${VERSION}`);
  const length = bytes.readUInt32BE(13);
  return { order: bytes.readUInt32BE(5), total: bytes.readUInt32BE(9), charge: bytes.toString('utf8', HEADER_BYTES, HEADER_BYTES + length) };
}

export class ReceiptStore {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async save(receipt: Receipt): Promise<void> {
    const object = { Bucket: this.#bucket, Key: keyOf(receipt.order), Body: encodeReceipt(receipt), ContentType: 'application/octet-stream' };
    await this.#client.send(new PutObjectCommand(object));
  }

  /** Undefined: the order has none. */
  async load(order: number): Promise<Receipt | undefined> {
    const key = keyOf(order);
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return Body && parseReceipt(key, Buffer.from(await Body.transformToByteArray()));
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }
}

const keyOf = (order: number): string => `receipts/${order}.bin`;
