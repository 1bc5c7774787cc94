import type { Problem } from './types.ts';

/** An answer that was not what was asked for, in words a reader can act on. */
export class ApiError extends Error {
  readonly status: number;
  readonly hint: string | undefined;

  constructor(status: number, message: string, hint?: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.hint = hint;
  }
}

export type Params = Iterable<readonly [name: string, value: string]>;

const unauthorized = new Set<() => void>();

/** Calls back whenever any answer is 401: the session ended, or never began. */
export function onUnauthorized(callback: () => void): () => void {
  unauthorized.add(callback);
  return () => unauthorized.delete(callback);
}

export function apiUrl(path: string, params: Params = []): string {
  const search = new URLSearchParams();
  for (const [name, value] of params) search.append(name, value);
  return search.size === 0 ? `/api/v1${path}` : `/api/v1${path}?${search.toString()}`;
}

export async function get<Body>(path: string, params: Params, signal: AbortSignal): Promise<Body> {
  return send<Body>(apiUrl(path, params), { signal });
}

export async function sendJson<Body>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Body> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { 'Content-Type': 'application/json' };
  }
  return send<Body>(apiUrl(path), init);
}

async function send<Body>(url: string, init: RequestInit): Promise<Body> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, credentials: 'same-origin' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(
      0,
      'Vesta cannot be reached',
      'Is the server running? This page tries again by itself.',
    );
  }
  if (response.status === 401 && !url.startsWith('/api/v1/session')) {
    for (const callback of unauthorized) callback();
  }
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return undefined as Body;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as Body;
}

async function problemOf(response: Response): Promise<ApiError> {
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('json')) {
    try {
      const problem = (await response.json()) as Partial<Problem>;
      const text = problem.detail ?? problem.title ?? response.statusText;
      return new ApiError(response.status, text, problem.hint);
    } catch {
      // Said JSON and was not: the status says what is left to say.
    }
  }
  return new ApiError(
    response.status,
    `The server answered ${response.status} ${response.statusText}`.trim(),
  );
}
