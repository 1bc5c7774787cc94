import {
  keepPreviousData,
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';

import type { FocusOn, ViewState } from '../state/url.ts';
import { ApiError, get, sendJson, type Params } from './client.ts';
import type {
  FacetsBody,
  FlameGraphBody,
  Granularity,
  LabelsBody,
  ProfileBody,
  ProfilesBody,
  Retention,
  SessionBody,
  StatusBody,
  TagsBody,
  TopBody,
  TypesBody,
} from './types.ts';

/** What a question is about: one profile, or a query and a time range. */
export interface Scope {
  readonly params: readonly (readonly [string, string])[];
  /** Milliseconds between refreshes; `false` for a range that lies in the past. */
  readonly refresh: number | false;
}

const LIVE_MS = 10_000;
const PROFILE_PAGE = 100;

export const CORE_FACETS = ['env', 'service', 'version', 'host', 'runtime', 'language'] as const;

export function scopeOf(state: ViewState): Scope {
  const kept: [string, string][] = [];
  if (state.link) kept.push(['link', state.link]);
  if (state.source) kept.push(['source', state.source]);
  if (state.profile) return { params: [['profile', state.profile], ...kept], refresh: false };
  const params: [string, string][] = [['from', state.from], ['to', state.to], ...kept];
  if (state.query.trim()) params.unshift(['query', state.query.trim()]);
  return { params, refresh: state.live && state.to === 'now' && !state.link ? LIVE_MS : false };
}

/** Which samples of a scope a question is about. */
export interface SampleQuestion {
  readonly type: string;
  readonly filters: readonly string[];
  readonly transforms: readonly string[];
  readonly window: string;
  readonly span: string;
  readonly focusOn: FocusOn;
}

/** One that is about a tree. */
export interface FlameGraphQuestion extends SampleQuestion {
  readonly granularity: Granularity;
}

/** What the state asks of the samples of `type`. */
export function questionOf(state: ViewState, type: string): FlameGraphQuestion {
  const { filters, transforms, window, span, focusOn, granularity } = state;
  return { type, filters, transforms, window, span, focusOn, granularity };
}

/** The parameters that every question about samples takes. */
export function sampleParams(question: SampleQuestion): [string, string][] {
  const params: [string, string][] = question.type ? [['type', question.type]] : [];
  for (const filter of question.filters) params.push(['filter', filter]);
  for (const transform of question.transforms) params.push(['transform', transform]);
  if (question.window) params.push(['window', question.window]);
  if (question.span) params.push(['span', question.span], ['focus_on', question.focusOn]);
  return params;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: false,
        // Only what may be different the next time is worth asking again.
        retry: (failures, error) =>
          failures < 2 &&
          (!(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500),
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 4000),
      },
    },
  });
}

export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => get<SessionBody>('/session', [], signal),
    staleTime: Infinity,
  });
}

export function useLogin() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (token: string) => sendJson<SessionBody>('POST', '/session', { token }),
    onSuccess: () => client.resetQueries(),
  });
}

export function useLogout() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => sendJson<unknown>('DELETE', '/session'),
    onSuccess: () => client.resetQueries(),
  });
}

export function useTypes(scope: Scope) {
  return useScoped<TypesBody>('/types', scope, []);
}

export function useFlameGraph(scope: Scope, question: FlameGraphQuestion, enabled: boolean) {
  return useScoped<FlameGraphBody>('/flamegraph', scope, flameGraphParams(question), enabled);
}

/** The parts of the flame graph whose pruned children the reader asked for, in the order they were asked for. */
export function useFlameGraphParts(
  scope: Scope,
  question: FlameGraphQuestion,
  paths: readonly (readonly string[])[],
  enabled: boolean,
) {
  return useQueries({
    queries: paths.map((path) => {
      const params: (readonly [string, string])[] = [
        ...flameGraphParams(question),
        ...path.map((step) => ['path', step] as const),
      ];
      // Below the root there is no smaller part to spend the nodes on, so more of them are asked for.
      if (path.length === 0) params.push(['max_nodes', '65536']);
      return {
        queryKey: ['/flamegraph', scope.params, params],
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          get<FlameGraphBody>('/flamegraph', [...scope.params, ...params], signal),
        enabled,
      };
    }),
  });
}

function flameGraphParams(question: FlameGraphQuestion): (readonly [string, string])[] {
  return [...sampleParams(question), ['granularity', question.granularity]];
}

export function useTop(scope: Scope, question: SampleQuestion, search: string, enabled: boolean) {
  const params: [string, string][] = [...sampleParams(question), ['limit', '500']];
  if (search) params.push(['search', search]);
  return useScoped<TopBody>('/top', scope, params, enabled);
}

export function useLabels(scope: Scope, question: SampleQuestion, enabled: boolean) {
  return useScoped<LabelsBody>('/labels', scope, sampleParams(question), enabled);
}

/** Values of one key that contain what is being typed, those first that begin with it. */
export function useFacetValues(scope: Scope, key: string, prefix: string, enabled: boolean) {
  return useScoped<FacetsBody>(
    '/facets',
    scope,
    [
      ['facet', key],
      ['prefix', prefix],
      ['limit', '20'],
    ],
    enabled,
  );
}

export function useTagKeys(scope: Scope, prefix: string, enabled: boolean) {
  return useScoped<TagsBody>(
    '/tags',
    scope,
    [
      ['prefix', prefix],
      ['limit', '20'],
    ],
    enabled,
  );
}

export function useProfiles(scope: Scope, sort: string, enabled: boolean, measures: readonly string[] = []) {
  const params: [string, string][] = [
    ['sort', sort],
    ['limit', String(PROFILE_PAGE)],
    ...measures.map((name): [string, string] => ['column', name]),
  ];
  return useInfiniteQuery({
    queryKey: ['/profiles', scope.params, params],
    queryFn: ({ signal, pageParam }) =>
      get<ProfilesBody>(
        '/profiles',
        [...scope.params, ...params, ...(pageParam ? [['cursor', pageParam] as const] : [])],
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: scope.refresh,
    enabled,
  });
}

/** The newest that the query finds at any time, for a scope in which there is none. */
export function useNewestProfile(query: string) {
  const params: [string, string][] = [
    ['from', '2000-01-01T00:00:00Z'],
    ['to', 'now'],
    ['sort', '-start'],
    ['limit', '1'],
  ];
  if (query.trim()) params.unshift(['query', query.trim()]);
  return useQuery({
    queryKey: ['/profiles', params],
    queryFn: ({ signal }) => get<ProfilesBody>('/profiles', params, signal),
  });
}

export function useProfile(id: string, scope: Scope, enabled = true) {
  const params = scope.params.filter(([name]) => name === 'source' || name === 'link');
  return useQuery({
    queryKey: ['/profile', id, params],
    queryFn: ({ signal }) => get<ProfileBody>(`/profiles/${id}`, params, signal),
    staleTime: Infinity,
    enabled: enabled && id !== '',
  });
}

export function useStatus(enabled: boolean, refresh: number | false) {
  return useQuery({
    queryKey: ['/status'],
    queryFn: ({ signal }) => get<StatusBody>('/status', [], signal),
    refetchInterval: refresh,
    enabled,
  });
}

export function useRetention() {
  return useQuery({
    queryKey: ['/settings/retention'],
    queryFn: ({ signal }) => get<Retention>('/settings/retention', [], signal),
  });
}

export function useSetRetention() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (retention: Retention) =>
      sendJson<Retention | undefined>('PUT', '/settings/retention', retention),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['/settings/retention'] });
      await client.invalidateQueries({ queryKey: ['/status'] });
    },
  });
}

/** Keeps showing the previous answer while the next one is under way: nothing jumps on a slow network. */
export function useScoped<Body>(path: string, scope: Scope, params: Params, enabled = true) {
  const own = [...params];
  return useQuery({
    queryKey: [path, scope.params, own],
    queryFn: ({ signal }) => get<Body>(path, [...scope.params, ...own], signal),
    placeholderData: keepPreviousData,
    refetchInterval: scope.refresh,
    enabled,
  });
}
