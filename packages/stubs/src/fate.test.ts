import { describe, expect, it } from 'vitest';
import { closedPortOf, fateOf, handshakeFailureOf, resolverCodeOf } from './fate.js';

describe('what a server did, from what the client said', () => {
  it.each([
    [{ message: 'socket hang up', code: 'ECONNRESET' }, 'fin'],
    [{ message: 'aborted', code: 'ECONNRESET' }, 'fin'],
    [{ message: 'socket hang up', code: 'ECONNRESET', fields: { aborted: 'client' } }, 'hold'],
    [{ name: 'AbortError', message: 'Command aborted due to connection close' }, 'fin'],
    [{ message: 'read ECONNRESET', code: 'ECONNRESET', syscall: 'read' }, 'rst'],
    [{ message: 'write EPIPE', code: 'EPIPE', syscall: 'write' }, 'rst'],
    [{ message: 'other side closed', code: 'UND_ERR_SOCKET' }, 'fin'],
    [{ message: 'Headers Timeout Error', code: 'UND_ERR_HEADERS_TIMEOUT' }, 'hold'],
    [{ name: 'AbortError', message: 'This operation was aborted', code: '20' }, 'hold'],
    [{ name: 'TimeoutError', message: 'The operation was aborted due to timeout', code: '23' }, 'hold'],
    [{ message: 'Command timed out' }, 'hold'],
    [{ message: 'timeout of 3000ms exceeded', code: 'ECONNABORTED' }, 'hold'],
    [{ message: 'Query read timeout' }, 'hold'],
    [{ message: 'Connection terminated unexpectedly' }, 'fin'],
    [{ name: 'SocketClosedUnexpectedlyError', message: 'Socket closed unexpectedly' }, 'fin'],
    [{ message: 'Connection is closed.' }, 'fin'],
    [{ message: 'Parse Error: Expected HTTP/', code: 'HPE_INVALID_CONSTANT' }, 'garbled'],
    [{ message: 'Parse Error: Header overflow', code: 'HPE_HEADER_OVERFLOW' }, 'overflow'],
    [{ message: 'no such thing', code: 'E_NOT_KNOWN' }, 'unknown'],
  ] as const)('%j: %s', (error, fate) => {
    expect(fateOf(error)).toBe(fate);
  });

  it('knows connections that were never made', () => {
    expect(closedPortOf({ message: 'connect ECONNREFUSED 127.0.0.1:1', code: 'ECONNREFUSED' })).toBe('refused');
    expect(closedPortOf({ message: 'connect ETIMEDOUT', code: 'ETIMEDOUT', syscall: 'connect' })).toBe('silent');
    expect(closedPortOf({ message: 'Connect Timeout Error', code: 'UND_ERR_CONNECT_TIMEOUT' })).toBe('silent');
    expect(closedPortOf({ message: 'connect EHOSTUNREACH 10.0.0.1:5', code: 'EHOSTUNREACH', syscall: 'connect' })).toBe('refused');
    expect(closedPortOf({ message: 'Command timed out' })).toBeNull();
  });

  it('knows names that did not resolve, and handshakes that failed', () => {
    expect(resolverCodeOf({ message: 'getaddrinfo ENOTFOUND a', code: 'ENOTFOUND', syscall: 'getaddrinfo' })).toBe('ENOTFOUND');
    expect(resolverCodeOf({ message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' })).toBeNull();
    expect(handshakeFailureOf({ message: 'certificate has expired', code: 'CERT_HAS_EXPIRED' })).toEqual({ flaw: 'expired' });
    expect(handshakeFailureOf({ message: 'Client network socket disconnected before secure TLS connection was established', code: 'ECONNRESET' })).toEqual({ server: 'fin' });
    expect(handshakeFailureOf({ message: 'read ECONNRESET', code: 'ECONNRESET', syscall: 'read', phase: 'tls' })).toEqual({ server: 'rst' });
    expect(handshakeFailureOf({ message: 'write EPROTO 0:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:', code: 'EPROTO' })).toEqual({ server: 'plain' });
    expect(handshakeFailureOf({ message: 'error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:SSL alert number 70', code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })).toEqual({ alert: 70 });
    expect(handshakeFailureOf({ message: 'read ECONNRESET', code: 'ECONNRESET', syscall: 'read', phase: 'wait' })).toBeNull();
  });
});
