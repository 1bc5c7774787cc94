import { useMutation, useQueryClient } from '@tanstack/react-query';

import { ApiError, apiUrl, sendJson } from './client.ts';
import type { Problem, ProfileId } from './types.ts';

/** A file that the server holds for a while, to be asked about with `source=opened`. */
export interface OpenedBody {
  id: ProfileId;
  name: string;
  /** What could not be read of it. */
  problems: string[];
}

interface OpenOptions {
  readonly signal: AbortSignal;
  /** From 0 to 1, of what was sent. */
  readonly onProgress: (share: number) => void;
}

/** By `XMLHttpRequest`, because `fetch` does not say how much of a body it has sent. */
export function openFile(file: File, { signal, onProgress }: OpenOptions): Promise<OpenedBody> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', apiUrl('/opened', [['name', file.name]]));
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener('load', () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as OpenedBody);
      else reject(problemOf(request));
    });
    request.addEventListener('error', () =>
      reject(new ApiError(0, 'Vesta cannot be reached', 'Is the server running?')),
    );
    request.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    if (signal.aborted) request.abort();
    else request.send(file);
  });
}

/** Stores an opened file like any upload. */
export function useKeep(id: ProfileId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ service, env }: { service: string; env: string }) => {
      const named = [
        ['service', service.trim()],
        ['env', env.trim()],
      ].filter(([, value]) => value !== '');
      const params = new URLSearchParams(named as string[][]);
      return sendJson<{ id: ProfileId }>('POST', `/opened/${id}/keep?${params.toString()}`);
    },
    onSuccess: () => client.invalidateQueries(),
  });
}

function problemOf(request: XMLHttpRequest): ApiError {
  try {
    const problem = JSON.parse(request.responseText) as Partial<Problem>;
    return new ApiError(request.status, problem.detail ?? problem.title ?? request.statusText, problem.hint);
  } catch {
    // The proxy in between said it in HTML.
    const text = request.status === 413 ? 'The file is too large' : `The server answered ${request.status}`;
    return new ApiError(request.status, text);
  }
}
