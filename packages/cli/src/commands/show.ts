import type { Command } from 'commander';
import type { ErrorPackage, RequestInfo } from '@deja/format';
import { act, addCommand } from '../shared/command.js';
import { EXIT, type ExitCode } from '../shared/exit.js';
import { shownPath } from '../shared/find-package.js';
import { loadPackage } from '../shared/load-package.js';
import type { Output, SharedOptions } from '../shared/output.js';
import { shellWord } from '../shared/program-name.js';
import { oneLine as clean } from '../render/text.js';
import { plural } from '../render/units.js';

interface ShowOptions extends SharedOptions {
  readonly full?: boolean;
}

export function show(program: Command): void {
  addCommand(program, 'show PKG', 'what failed: error chain, locals, request, and what was observed')
    .option('--full', 'library frames, all variables and whole bodies as well')
    .action(act(async (output, options: ShowOptions, named: string) => showPackage(output, options, named)));
}

async function showPackage(output: Output, options: ShowOptions, named: string): Promise<ExitCode> {
  const { path, pkg } = await loadPackage(named);
  output.document({ path, manifest: pkg.manifest, failure: pkg.failure, context: pkg.context, databases: pkg.databases, servers: pkg.servers, state: pkg.state });
  const parts = [heading(pkg, output), ...(await failureText(pkg, output, options)), ...(await requestText(pkg, output, options)), ...(await surroundings(pkg, output))];
  output.print(parts.join('\n\n'));
  const file = shellWord(shownPath(path));
  output.next(`events ${file}`, 'what it exchanged with the outside');
  if (pkg.failure) output.next(`reproduce ${file}`, 'make it happen again, here');
  return EXIT.ok;
}

function heading({ manifest, failure }: ErrorPackage, { out }: Output): string {
  const service = `${manifest.service}${manifest.release === undefined ? '' : ` ${manifest.release}`}`;
  const facts = [service, manifest.time.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'), ...(failure ? [origin(failure.origin)] : []), ...(failure?.fatal ? ['ended the process'] : [])];
  const summary = manifest.summary === null ? out.bold('An observation without failure') : `${out.red('✘')} ${out.bold(clean(manifest.summary))}`;
  return `${summary}\n  ${out.dim(clean(facts.join(' · ')))}`;
}

function origin(origin: NonNullable<ErrorPackage['failure']>['origin']): string {
  switch (origin) {
    case 'framework':
      return 'the route threw';
    case 'response':
      return 'answered 5xx';
    case 'message':
      return 'a message was not handled';
    case 'uncaughtException':
      return 'uncaught exception';
    case 'unhandledRejection':
      return 'unhandled rejection';
    case 'captureException':
      return 'reported by the application';
  }
}

async function failureText({ failure }: ErrorPackage, { out, width }: Output, { full = false }: ShowOptions): Promise<string[]> {
  if (!failure?.error) return [];
  const { errorChain } = await import('../render/error-chain.js');
  return [errorChain(failure.error, { paint: out, width, full })];
}

async function requestText(pkg: ErrorPackage, { out }: Output, { full = false }: ShowOptions): Promise<string[]> {
  const [request, ...others] = pkg.context.requests;
  if (!request) return [];
  const { content, message } = await import('../render/event-detail.js');
  const { indent } = await import('../render/text.js');
  const options = { paint: out, full };
  const answer = request.response ?? pkg.failure?.response;
  const { trigger } = request;
  const lines = trigger.kind === 'http' ? message(trigger.headers, trigger.body, pkg, options) : trigger.kind === 'message' ? content(trigger, pkg, options) : [];
  const answered = answer ? [`${out.bold('ANSWER')} ${String(answer.status)}`, indent(message(answer.headers, answer.body, pkg, options).join('\n'), '  ')] : [];
  const overlapping = others.length === 0 ? [] : [`${out.bold('OVERLAPPED BY')}\n${others.map((other, index) => `  ${index + 1}  ${triggerText(other)}`).join('\n')}`];
  return [[`${out.bold('REQUEST')} ${triggerText(request)}`, indent(lines.join('\n'), '  '), ...answered].filter((line) => line !== '').join('\n'), ...overlapping];
}

function triggerText({ trigger }: RequestInfo): string {
  switch (trigger.kind) {
    case 'http':
      return clean(`${trigger.method} ${trigger.target}`);
    case 'message':
      return clean(`message ${trigger.destination || trigger.consumer.source} of ${trigger.server}`);
    case 'start':
      return 'starting the application';
  }
}

async function surroundings(pkg: ErrorPackage, { out }: Output): Promise<string[]> {
  const { countsByKind } = await import('../render/counts.js');
  const { context, databases, servers, manifest } = pkg;
  const application = [context.application.name, context.application.version].filter((part) => part !== undefined).join(' ');
  const engines = [...databases.map((database) => `${database.engine}${database.version === undefined ? '' : ` ${database.version}`} (${database.name})`), ...servers.map((server) => `${server.kind} (${server.host}:${server.port})`)];
  const facts: (readonly [string, string])[] = [
    ['observed', `${plural(pkg.timeline.length, 'event')}${pkg.timeline.length > 0 ? `: ${countsByKind(pkg.timeline)}` : ''}`],
    ['services', engines.join(', ')],
    ['process', `${application === '' ? '' : `${application} on `}Node ${context.process.node}, ${context.process.platform}-${context.process.arch}, in ${context.process.cwd}`],
    ['command', ['node', ...context.process.execArgv, ...context.process.argv].map((word) => shellWord(word)).join(' ')],
    ['state', Object.keys(pkg.state.values).join(', ')],
    ['not captured', manifest.capture.notCaptured.join('; ')],
  ];
  const lines = facts.filter(([, text]) => text !== '').map(([name, text]) => `${out.dim(name.padEnd(13))}${clean(text)}`);
  const limits = manifest.limits.map((limit) => `${out.yellow('!')} ${clean(limit)}`);
  return [[...lines, ...limits].join('\n')];
}
