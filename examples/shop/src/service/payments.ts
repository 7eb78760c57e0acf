export interface Charge {
  readonly id: string;
  readonly status: 'succeeded' | 'declined';
}

export interface PaymentOptions {
  readonly url: string;
  readonly key: string;
}

/** Charges a customer at the payment provider. `reference` makes a repeated call harmless. */
export async function charge(options: PaymentOptions, reference: string, amount: number): Promise<Charge> {
  const response = await fetch(`${options.url}/v1/charges`, {
    method: 'POST',
    headers: { authorization: `Bearer ${options.key}`, 'content-type': 'application/json', 'idempotency-key': reference },
    body: JSON.stringify({ amount, currency: 'eur', reference }),
  });
  return chargeOf(await response.text());
}

function chargeOf(text: string): Charge {
  const { id, status } = JSON.parse(text) as Charge;
  return { id, status };
}
