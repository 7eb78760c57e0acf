export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

/** The first Ctrl-C (or SIGTERM) asks for an orderly end, so that nothing is left behind; a second one is not waited for. */
export function interruption(): Interruption {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
    },
  };
}
