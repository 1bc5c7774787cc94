import { useMutation, useQuery } from '@tanstack/react-query';

import { get, sendJson } from './client.ts';

/** A short address of what the page shows, with copies of the profiles behind it. */
export interface LinkBody {
  id: string;
  /** Where it leads. Times in it are absolute. */
  url: string;
  /** The profiles that it keeps, whatever the retention. */
  pinned: number;
  /** Why it keeps none. */
  notice: string | null;
}

export function useLink(id: string) {
  return useQuery({
    queryKey: ['/links', id],
    queryFn: ({ signal }) => get<LinkBody>(`/links/${encodeURIComponent(id)}`, [], signal),
    enabled: id !== '',
    staleTime: Infinity,
  });
}

/** `url` is a path of the page with its parameters. */
export function useCreateLink() {
  return useMutation({ mutationFn: (url: string) => sendJson<LinkBody>('POST', '/links', { url }) });
}

export function useDeleteLink() {
  return useMutation({
    mutationFn: (id: string) => sendJson<unknown>('DELETE', `/links/${encodeURIComponent(id)}`),
  });
}
