export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Talks to the running shop as a browser would. */
export class ShopClient {
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  async get(path: string): Promise<Answer> {
    return answerOf(await fetch(this.#base + path));
  }

  async post(path: string, body: unknown): Promise<Answer> {
    return answerOf(await fetch(this.#base + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }));
  }

  /** Whether it serves yet. */
  async alive(): Promise<boolean> {
    try {
      return (await this.get('/health')).status === 200;
    } catch {
      return false;
    }
  }
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, text: await response.text() };
}
