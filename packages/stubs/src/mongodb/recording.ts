import type { ExtendedJson } from '@deja/format';
import { Ledger, type Taken } from '../ledger.js';
import type { MongodbExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { recordedFields } from './documents.js';
import { describeMongodbCommand, differentMongodbCommand, type MongodbQuestion, sessionOf } from './match.js';

/** What one server was recorded to have answered, and which session has turned out to be which so far. */
export class MongodbRecording {
  readonly stub: string;
  readonly hello: ExtendedJson | undefined;
  readonly #ledger: Ledger<MongodbExchange, MongodbQuestion>;
  /** The recorded session that a present one follows. */
  readonly #sessions = new Map<string, string>();

  constructor(stub: string, hello: ExtendedJson | undefined, exchanges: readonly MongodbExchange[], runtime: StubRuntime) {
    this.stub = stub;
    this.hello = hello;
    this.#ledger = new Ledger(exchanges, differentMongodbCommand, ({ database, command }) => describeMongodbCommand(database, recordedFields(command)), { keys: KEYS, unification: runtime.unification });
  }

  /** `connection`: the recorded one that is followed. Of equal commands those of the same session come first: its transaction. */
  take(question: MongodbQuestion, connection: number | undefined): Taken<MongodbExchange> {
    const session = sessionOf(question.fields);
    const followed = this.#sessions.get(session);
    const taken = this.#ledger.take(question, (exchange) => (followed === undefined ? exchange.session === connection : recordedSession(exchange) === followed));
    if ('exchange' in taken) this.#sessions.set(session, recordedSession(taken.exchange));
    return taken;
  }
}

const KEYS = {
  group: { ofExchange: ({ database, name }: MongodbExchange) => `${database} ${name}`, ofQuestion: ({ database, name }: MongodbQuestion) => `${database} ${name}` },
  letter: { ofExchange: ({ command }: MongodbExchange) => describeMongodbCommand('', recordedFields(command)), ofQuestion: ({ fields }: MongodbQuestion) => describeMongodbCommand('', fields) },
};

function recordedSession({ command }: MongodbExchange): string {
  return sessionOf(recordedFields(command));
}
