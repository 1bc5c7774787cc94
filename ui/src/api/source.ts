import { useQuery } from '@tanstack/react-query';

import { get } from './client.ts';

/** Lines of a file that the server found below one of its source roots. */
export interface SourceBody {
  file: string;
  /** Where it is on the server. */
  path: string;
  first_line: number;
  lines: string[];
}

export function useSource(file: string, line: number, context: number, enabled: boolean) {
  return useQuery({
    queryKey: ['/source', file, line, context],
    queryFn: ({ signal }) =>
      get<SourceBody>(
        '/source',
        [
          ['file', file],
          ['line', String(line)],
          ['context', String(context)],
        ],
        signal,
      ),
    staleTime: 60_000,
    enabled,
    retry: false,
  });
}
