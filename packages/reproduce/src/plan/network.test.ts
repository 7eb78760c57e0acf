import { describe, expect, it } from 'vitest';
import type { IoEvent } from '@deja/format';
import { planNetwork } from './network.js';

const get = (url: string): IoEvent => ({ seq: 1, kind: 'http', method: 'GET', url, headers: [], outcome: { pending: {} } });

describe('planNetwork', () => {
  it('gives every recorded name an address of its own and keeps recorded addresses', () => {
    const network = planNetwork({
      timeline: [get('https://payments.example:8443/x'), get('http://10.9.8.7/y'), get('http://[fd00::1]:9/z'), get('http://localhost:1/')],
      databases: [{ name: 'main', engine: 'postgres', host: 'db.internal', port: 5432 }],
      servers: [{ name: 'redis', kind: 'redis', host: '127.0.0.1', port: 6379 }],
    });
    expect(network.hosts.map(({ name }) => name)).toEqual(['db.internal', 'payments.example']);
    expect(network.hosts.every(({ address }) => address.startsWith('127.77.'))).toBe(true);
    expect(new Set(network.hosts.map(({ address }) => address)).size).toBe(2);
    expect(network.addresses).toEqual(['10.9.8.7', 'fd00::1']);
  });

  it('gives a name the addresses at which it was dialled in vain', () => {
    const refused = (url: string, ...addresses: readonly string[]): IoEvent => ({ ...get(url), outcome: { error: { message: 'refused', code: 'ECONNREFUSED', addresses } } });
    const network = planNetwork({ timeline: [refused('http://pay.example/', '10.0.0.5', 'fd00::5'), refused('http://localhost:9/', '127.0.0.1'), get('http://ok.example/')], databases: [], servers: [] });
    expect(network.hosts).toEqual([{ name: 'localhost', address: '127.0.0.1' }, { name: 'ok.example', address: '127.77.1.2' }, { name: 'pay.example', address: '10.0.0.5' }, { name: 'pay.example', address: 'fd00::5' }]);
    expect(network.addresses).toEqual(['10.0.0.5', 'fd00::5']);
  });

  it('leaves a name that did not resolve to the name server', () => {
    const network = planNetwork({ timeline: [get('https://gone.example/')], databases: [], servers: [] }, new Set(['gone.example']));
    expect(network.hosts).toEqual([]);
  });

  it('does not make names of Unix sockets', () => {
    expect(planNetwork({ timeline: [], databases: [{ name: 'main', engine: 'postgres', host: '/var/run/postgresql' }], servers: [] })).toEqual({ hosts: [], addresses: [] });
  });
});
