/** Connections and datagrams of protocols that nobody knows, and connections that failed. */
import type { Body, EventBase, Outcome } from './base.js';

/** Bytes that one side of a connection sent: as its application wrote them, or as they arrived. */
export interface SocketPiece {
  readonly from: 'client' | 'server';
  /** Milliseconds from the beginning of the event. */
  readonly ms: number;
  /** Absent: from here on the connection is encrypted (STARTTLS), and the bytes are those within. */
  readonly body?: Body;
}

/** What went over a connection whose protocol nobody knows. */
export interface SocketTalk {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** In the order in which the client saw them; absent where the connection was not followed. */
  readonly pieces?: readonly SocketPiece[];
  /** Bytes that came after the pieces and were not kept. */
  readonly truncated?: number;
  /** Who was the first to end the connection, how, and when. Absent: it went on, or broke by the error of the outcome. */
  readonly end?: { readonly by: 'client' | 'server'; readonly how: 'fin' | 'timeout'; readonly ms: number };
}

/**
 * A connection that failed before any protocol spoke, or one whose protocol is not understood. Each scope that uses a connection has an event of its own
 * with what was said in its course.
 */
export interface SocketEvent extends EventBase {
  readonly kind: 'socket';
  /** A host that begins with `/` is the path of a Unix socket; its port is 0. */
  readonly host: string;
  readonly port: number;
  /** Absent: TCP. A piece of UDP is a datagram. */
  readonly transport?: 'udp';
  /** Encrypted from its beginning; the bytes are those within. */
  readonly tls?: boolean;
  /** Connection, numbered from 1 in order of beginning. */
  readonly session?: number;
  /** The connection was made before, in another scope. */
  readonly continues?: boolean;
  /** What was said first over the connection, where that was in the course of another request: its handshake, and what that request asked. */
  readonly opening?: readonly SocketPiece[];
  readonly outcome: Outcome<SocketTalk>;
}
