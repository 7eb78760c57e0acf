import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { DejaError } from '@deja/format';

/** What may be asked of Firecracker 1.16, as far as Deja does. It refuses unknown fields. Paths are those that Firecracker sees. */
export interface Requests {
  'PUT /machine-config': { readonly vcpu_count: number; readonly mem_size_mib: number };
  'PUT /boot-source': { readonly kernel_image_path: string; readonly initrd_path?: string; readonly boot_args?: string };
  'PUT /drives/base': Drive;
  'PUT /drives/app': Drive;
  /** `guest_cid`: 3 or more; `uds_path`: of the socket that it makes. */
  'PUT /vsock': { readonly guest_cid: number; readonly uds_path: string };
  'PUT /actions': { readonly action_type: 'InstanceStart' };
  'PATCH /vm': { readonly state: 'Paused' | 'Resumed' };
  /** Paused only. Writes both files anew. */
  'PUT /snapshot/create': { readonly snapshot_type: 'Full'; readonly snapshot_path: string; readonly mem_file_path: string };
  /** Before anything else. One that fails ends Firecracker. */
  'PUT /snapshot/load': { readonly snapshot_path: string; readonly mem_backend: { readonly backend_type: 'File'; readonly backend_path: string }; readonly resume_vm: boolean };
}

export interface Drive {
  readonly drive_id: string;
  readonly path_on_host: string;
  readonly is_root_device: boolean;
  readonly is_read_only: boolean;
}

/** Writing a memory of gigabytes to a slow disk takes its time. */
const ANSWER_MS = 60_000;

/** Firecracker's API: REST over its Unix socket, one request at a time. */
export class FirecrackerApi implements Disposable {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** @throws DejaError DEJA_FIRECRACKER_REFUSED with Firecracker's own words; DEJA_FIRECRACKER_SILENT: no answer, or none in time */
  async send<What extends keyof Requests>(what: What, body: Requests[What]): Promise<void> {
    const [method = '', path = ''] = what.split(' ');
    const { status, answer } = await this.#exchange(method, path, JSON.stringify(body)).catch((cause: unknown) => {
      throw new DejaError('DEJA_FIRECRACKER_SILENT', `Firecracker did not answer ${what}: ${(cause as Error).message}`, { cause });
    });
    if (status >= 300) throw new DejaError('DEJA_FIRECRACKER_REFUSED', `Firecracker refused ${what}: ${faultOf(answer)}`);
  }

  async #exchange(method: string, path: string, body: string): Promise<{ readonly status: number; readonly answer: string }> {
    return await new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const sent = request({ socketPath: this.#socketPath, agent: this.#agent, method, path, headers, timeout: ANSWER_MS }, (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, answer }), reject);
      });
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
      sent.on('error', reject);
      sent.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function faultOf(answer: string): string {
  try {
    const { fault_message: fault } = JSON.parse(answer) as { fault_message?: unknown };
    return typeof fault === 'string' ? fault : answer;
  } catch {
    return answer;
  }
}
