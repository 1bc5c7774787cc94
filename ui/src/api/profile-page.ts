import { useQuery } from '@tanstack/react-query';

import { get, type Params } from './client.ts';
import type { ProfileBody, ProfilesBody } from './types.ts';
import { listed, type ListedProfile } from '../model/neighbors.ts';
import { quoted } from '../model/query-text.ts';

/** How far around a profile to look for what the same process sent. Periods are about a minute. */
const AROUND_MS = 30 * 60_000;
/** The most that the server lists at once. */
const MOST = 1000;

export interface ListedProfiles {
  readonly total: number;
  readonly profiles: readonly ListedProfile[];
}

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The profiles that a query finds in a range, oldest first, with further measures as columns. */
export function useListedProfiles(
  query: string,
  { fromMs, toMs }: Range,
  columns: readonly string[] = [],
  enabled = true,
) {
  const params: Params = [
    ['query', query],
    ['from', String(Math.round(fromMs))],
    ['to', String(Math.round(toMs))],
    ['sort', 'start'],
    ['limit', String(MOST)],
    ...columns.map((column) => ['column', column] as const),
  ];
  return useQuery({
    queryKey: ['/profiles', 'listed', [...params]],
    queryFn: async ({ signal }): Promise<ListedProfiles> => {
      const body = await get<ProfilesBody>('/profiles', params, signal);
      return { total: body.total, profiles: listed(body.columns) };
    },
    enabled: enabled && query !== '',
  });
}

/** What the same process sent around the time of the profile. */
export function useSameProcess(profile: ProfileBody, enabled = true) {
  const range = { fromMs: profile.start_ms - AROUND_MS, toMs: profile.end_ms + AROUND_MS };
  return useListedProfiles(
    profile.runtime_id ? `runtime-id:${quoted(profile.runtime_id)}` : '',
    range,
    [],
    enabled,
  );
}

/** The search that finds all profiles of the service in its environment. */
export function serviceQuery(profile: Pick<ProfileBody, 'service' | 'env'>): string {
  const terms: [string, string][] = [
    ['service', profile.service],
    ['env', profile.env],
  ];
  return terms
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}:${quoted(value)}`)
    .join(' ');
}
