import type { StandIn, StubExchanges } from '@deja/reproduce';
import { isCompared } from '@deja/stubs';
import { shellWord } from '../shared/program-name.js';

/** What a person would still paste. */
const LONGEST_BODY = 1000;

/** A command that asks a stub what it was recorded to answer. Null: nothing recorded can be asked from a shell. `ca`: file of the run's authority. */
export function tryCommand(stub: StandIn, recorded: StubExchanges, ca: string | null): string | null {
  const { port } = stub.at;
  const login = stub.login?.user ?? 'app';
  switch (stub.kind) {
    case 'http':
      return curl(stub, recorded.http, ca);
    case 'redis': {
      const command = recorded.redis.find((words) => words.every((word) => typeof word === 'string') && !/^(?:client|hello|info|auth|select|command)$/i.test(String(words[0])));
      return ['redis-cli', '-p', String(port), ...(stub.tls && ca !== null ? ['--tls', '--cacert', ca] : []), ...(command ?? ['ping']).map(String)].map(shellWord).join(' ');
    }
    case 'mongodb':
      return ['mongosh', `mongodb://127.0.0.1:${port}/?directConnection=true${stub.tls ? '&tls=true' : ''}`, ...(stub.tls && ca !== null ? ['--tlsCAFile', ca] : [])].map(shellWord).join(' ');
    case 'nats':
    case 'amqp':
    case 'kafka':
      return null;
    case 'postgres':
      return ['psql', '-h', '127.0.0.1', '-p', String(port), '-U', login, stub.login?.database ?? stub.name].map(shellWord).join(' ');
    case 'mysql':
    case 'mariadb':
      return ['mariadb', '-h', '127.0.0.1', '-P', String(port), '-u', login, stub.login?.database ?? stub.name].map(shellWord).join(' ');
    case 'udp':
      return `nc -u 127.0.0.1 ${port}`;
    case 'tcp':
      return stub.tls ? ['openssl', 's_client', '-quiet', '-connect', `127.0.0.1:${port}`].join(' ') : `nc 127.0.0.1 ${port}`;
  }
}

function curl(stub: StandIn, exchanges: StubExchanges['http'], ca: string | null): string | null {
  const simple = exchanges.filter(({ protocol, body }) => protocol !== 'websocket' && (body === undefined || ('text' in body && body.truncated === undefined && body.text.length <= LONGEST_BODY)));
  const [exchange] = simple.toSorted((a, b) => Number(a.body !== undefined) - Number(b.body !== undefined));
  if (!exchange) return null;
  const { method, url, headers, body, protocol } = exchange;
  const sent = headers.filter(([name]) => isCompared(name.toLowerCase()));
  const words = [
    'curl', '--silent', '--show-error', '--include',
    ...(protocol === 'h2' && !stub.tls ? ['--http2-prior-knowledge'] : []),
    '--connect-to', `${stub.host}:${stub.port}:127.0.0.1:${stub.at.port}`,
    ...(stub.tls && ca !== null ? ['--cacert', ca] : []),
    ...(method === 'GET' && body === undefined ? [] : method === 'HEAD' ? ['--head'] : ['--request', method]),
    ...sent.flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ...(body !== undefined && 'text' in body ? ['--data-binary', body.text] : []),
    url,
  ];
  return words.map(shellWord).join(' ');
}
