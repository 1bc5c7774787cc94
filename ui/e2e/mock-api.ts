import { readFileSync } from 'node:fs';

import type { Page } from '@playwright/test';

import type { CallGraphBody } from '../src/api/call-graph.ts';
import type { BreakdownBody, TableBody } from '../src/api/explore.ts';
import type { TimelineBody } from '../src/api/timeline.ts';
import type { FacetsBody, FlameGraphBody, ProfilesBody } from '../src/api/types.ts';

/** When the fixtures were "now". The clock of the page is set to it. */
export const NOW = new Date('2026-11-20T14:30:00Z');

export interface MockOptions {
  /** Nothing was ever received. */
  readonly isEmpty?: boolean;
  /** There is data, but none in scope. */
  readonly matchesNothing?: boolean;
  /** Answers need this token. */
  readonly token?: string;
  readonly longNames?: boolean;
  readonly fewSamples?: boolean;
  /** Parts of profiles could not be read. */
  readonly isPartial?: boolean;
  /** Samples do not say when they were taken. */
  readonly withoutTimes?: boolean;
  /** There are profiles, and no samples in them. */
  readonly withoutSamples?: boolean;
  /** What is different about the profile. */
  readonly profile?: object;
  /** Whose timeline there is. */
  readonly timelineOf?: 'python' | 'node' | 'go';
  /** Paths below /api/v1 that fail. */
  readonly failing?: readonly string[];
  /** What every answer waits for. */
  readonly until?: Promise<void>;
}

export interface MockApi {
  /** Every request since the page began, as `METHOD /path?query`. */
  readonly requests: string[];
  options: MockOptions;
}

interface Answer {
  status: number;
  body: unknown;
  type?: string;
}

function fixture<Body>(name: string): Body {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8')) as Body;
}

/** An answer that the server's own tests wrote. */
function golden<Body>(name: string): Body {
  return JSON.parse(readFileSync(new URL(`../src/golden/${name}.json`, import.meta.url), 'utf8')) as Body;
}

/** Puts the fixtures in the place of the server. */
export async function mockApi(page: Page, initial: MockOptions = {}): Promise<MockApi> {
  const mock: MockApi = { requests: [], options: initial };
  let signedIn = false;
  let retention = fixture<unknown>('retention');
  let link: unknown;
  await page.route('**/api/v1/**', async (route) => {
    const request = route.request();
    const url = new URL(request.url());
    const path = url.pathname.replace('/api/v1', '');
    mock.requests.push(`${request.method()} ${path}${url.search}`);
    const { options } = mock;
    await options.until;

    if (path === '/session') {
      if (request.method() === 'POST') {
        const { token } = request.postDataJSON() as { token: string };
        signedIn = token === options.token;
      }
      if (request.method() === 'DELETE') signedIn = false;
      const refused = request.method() === 'POST' && !signedIn;
      const session = { auth_required: options.token !== undefined, scope: signedIn ? 'admin' : null };
      return respond(
        refused
          ? problem(401, 'this token is not known', 'make one with `vesta token create`')
          : { status: 200, body: session },
      );
    }
    if (options.token !== undefined && !signedIn) return respond(problem(401, 'a token is needed'));
    if (options.failing?.includes(path)) {
      return respond(problem(503, 'the tables are being rebuilt', 'try again in a minute'));
    }
    if (path === '/links' && request.method() === 'POST') {
      const { url: linked } = request.postDataJSON() as { url: string };
      const fixed = `${linked}&from=${NOW.getTime() - 3_600_000}&to=${NOW.getTime()}`;
      link = { id: '7Jk2mQx9aB', url: fixed, pinned: 118, notice: null };
      return respond({ status: 201, body: link });
    }
    if (path.startsWith('/links/')) {
      if (request.method() === 'DELETE') {
        link = undefined;
        return respond({ status: 200, body: {} });
      }
      return respond(link ? { status: 200, body: link } : problem(404, 'no link has this id'));
    }
    if (path === '/opened') return respond(opened(url.searchParams.get('name') ?? ''));
    if (path.endsWith('/keep')) return respond({ status: 200, body: { id: '0329af6554c00000' } });
    if (path.startsWith('/profiles/') && path.endsWith('/00000000000000ee')) {
      return respond(problem(404, 'no profile has this id'));
    }
    if (path === '/settings/retention' && request.method() === 'PUT') retention = request.postDataJSON();
    if (path === '/settings/retention') return respond({ status: 200, body: retention });
    return respond(answer(path, url.searchParams, options));

    async function respond({ status, body, type }: Answer): Promise<void> {
      await route
        .fulfill({
          status,
          contentType: type ?? (status >= 400 ? 'application/problem+json' : 'application/json'),
          body: typeof body === 'string' ? body : JSON.stringify(body),
          headers: type ? { 'Content-Disposition': 'attachment' } : {},
        })
        // The page may have given up on this answer.
        .catch(() => undefined);
    }
  });
  return mock;
}

function problem(status: number, detail: string, hint?: string): Answer {
  return { status, body: { type: 'about:blank', title: 'Error', status, detail, hint } };
}

function answer(path: string, params: URLSearchParams, options: MockOptions): Answer {
  if (params.get('query')?.endsWith('(')) {
    const at = params.get('query')?.length ?? 0;
    return problem(400, `this parenthesis is not closed (at character ${at})`, 'add a `)`');
  }
  const nothing =
    options.isEmpty === true || options.matchesNothing === true || params.get('query') === 'service:none';
  const ok = (body: unknown): Answer => ({ status: 200, body });
  const isAlloc = params.get('type') === 'alloc-space';
  switch (path) {
    case '/flamegraph':
      return ok(flameGraph(params, options, nothing));
    case '/compare':
      return ok(fixture('compare'));
    case '/callgraph':
      return ok(callGraph(params, nothing));
    case '/top': {
      if (params.get('search') === 'hidden') return ok(hiddenFunction());
      const body = fixture<Record<string, unknown>>(isAlloc ? 'top-alloc' : 'top');
      return ok(
        nothing
          ? {
              ...body,
              total: 0,
              samples: 0,
              profiles: 0,
              functions: { name: [], file: [], module: [], self: [], total: [] },
            }
          : body,
      );
    }
    case '/sandwich':
      return params.get('function') === 'gone'
        ? problem(
            404,
            'no sample in scope has the function `gone` on its stack',
            'take the name as `top` shows it',
          )
        : ok(golden('sandwich'));
    case '/source':
      return ok(sourceOf(params));
    case '/types':
      return ok(nothing || options.withoutSamples ? { types: [] } : fixture('types'));
    case '/facets':
      return ok(facets(params, nothing));
    case '/tags': {
      const body = fixture<{ keys: string[]; counts: number[] }>('tags');
      const kept = body.keys.filter((key) => key.includes(params.get('prefix') ?? ''));
      return ok({ keys: kept, counts: kept.map(() => 421), truncated: false });
    }
    case '/series': {
      const body = fixture<{ series: unknown[] }>('series');
      return ok(nothing ? { ...body, series: [] } : body);
    }
    case '/measures':
      return ok(nothing ? { measures: [] } : fixture('measures'));
    case '/breakdown':
      return ok(breakdown(params, nothing));
    case '/table':
      return ok(
        params.getAll('group_by').includes('runtime-id') ? processes(params) : table(params, nothing),
      );
    case '/labels':
      return ok(nothing ? { labels: [] } : fixture('labels'));
    case '/profiles': {
      const body = fixture<ProfilesBody>(params.get('cursor') ? 'profiles-2' : 'profiles');
      if (!nothing) return ok(body);
      const columns = Object.fromEntries(Object.keys(body.columns).map((key) => [key, []]));
      return ok({ total: 0, next_cursor: null, columns });
    }
    case '/timeline': {
      const language = options.timelineOf ?? (params.get('query')?.includes('node') ? 'node' : 'python');
      const body = golden<TimelineBody>(`timeline-${language}`);
      if (!options.withoutTimes) return ok(body);
      const none = Object.fromEntries(Object.keys(body.events).map((key) => [key, []]));
      return ok({ ...body, events: none, samples: 0, without_time: 1531 });
    }
    case '/status': {
      const body = fixture<Record<string, unknown>>('status');
      return ok(options.isEmpty ? { ...body, profiles: 0, oldest_ms: null, newest_ms: null } : body);
    }
    default: {
      const id = /^\/profiles\/([^/]+)$/.exec(path)?.[1];
      if (id !== undefined) return ok({ ...fixture<object>('profile'), id, ...options.profile });
      if (/^\/profiles\/[^/]+\/(upload|attachments\/.+)$/.test(path)) {
        return { status: 200, body: 'bytes as sent', type: 'application/octet-stream' };
      }
      return problem(404, `nothing is at ${path}`);
    }
  }
}

/** One that is in no flame graph of the fixtures. */
function hiddenFunction(): unknown {
  return {
    ...fixture<Record<string, unknown>>('top'),
    truncated: false,
    functions: {
      name: ['hidden_function'],
      file: ['/app/shop/hidden.py'],
      module: [''],
      self: [40_000_000],
      total: [40_000_000],
    },
  };
}

function sourceOf(params: URLSearchParams): unknown {
  const first = Math.max(1, Number(params.get('line')) - Number(params.get('context') ?? 8));
  const lines = ['def post(self, request):', '    cart = self.cart(request)', '    total = cart.total()'];
  return { file: params.get('file'), path: params.get('file'), first_line: first, lines };
}

function flameGraph(params: URLSearchParams, options: MockOptions, nothing: boolean): FlameGraphBody {
  const granularity = params.get('granularity') ?? 'function';
  const name = options.longNames
    ? 'flamegraph-long-names'
    : params.has('path')
      ? 'flamegraph-part'
      : params.get('type') === 'alloc-space'
        ? 'flamegraph-alloc'
        : granularity === 'function'
          ? 'flamegraph'
          : `flamegraph-${granularity}`;
  const body = fixture<FlameGraphBody>(name);
  if (nothing) {
    return {
      ...body,
      total: 0,
      samples: 0,
      profiles: 0,
      nodes: { parent: [-1], function: [-1], self: [0], total: [0] },
    };
  }
  if (options.isPartial) {
    return {
      ...body,
      problems: ['auto.pprof of 0329af6554c00000: a stack refers to a frame that is not there'],
    };
  }
  if (options.fewSamples) return { ...body, samples: 17, profiles: 1 };
  return params.has('profile') ? { ...body, profiles: 1, samples: 1412 } : body;
}

function opened(name: string): Answer {
  if (name.endsWith('.txt')) {
    return problem(
      400,
      `\`${name}\` is text, and no line of it is a stack`,
      'Vesta reads pprof, speedscope and collapsed stacks, plain or in gzip, zstd or lz4, and captured uploads',
    );
  }
  // The second of two files is another profile.
  const id = name.startsWith('after') ? '0000000000000002' : '0000000000000001';
  return { status: 201, body: { id, name, problems: [] } };
}

/** Three processes, until the query names one. */
function processes(params: URLSearchParams): unknown {
  const ids = ['4f1d0a5e-7c1b-4b7e-9a63-5a1b2c3d4e5f', '9b2e6d10-0d8f-4d55-8f0c-aa11bb22cc33', ''];
  const wanted = ids.findIndex((id) => id !== '' && params.get('query')?.includes(id));
  const kept = <Value>(values: Value[]): Value[] => (wanted < 0 ? values : values.slice(wanted, wanted + 1));
  return {
    groups: {
      'runtime-id': kept(ids),
      host: kept(['web-7f9c', 'web-1a2b', 'batch-0']),
      process_id: kept(['4711', '812', '']),
    },
    measures: { cpu_cores: kept([0.82, 0.41, null]), profiles: kept([3, 60, 1]) },
    found: kept(ids).length,
    truncated: false,
  };
}

/** What the server answers for a real profile, cut to as many functions as are asked for. */
function callGraph(params: URLSearchParams, nothing: boolean): CallGraphBody {
  const url = new URL('../src/golden/callgraph.json', import.meta.url);
  const body = JSON.parse(readFileSync(url, 'utf8')) as CallGraphBody;
  const count = Math.min(Number(params.get('max_nodes') ?? 80), body.nodes.function.length);
  const kept = new Set(body.nodes.function.slice(0, count));
  const edges = body.edges.from.flatMap((from, edge) =>
    kept.has(from) && kept.has(body.edges.to[edge] ?? -1) ? [edge] : [],
  );
  const pick = (column: readonly number[]): number[] => edges.map((edge) => column[edge] ?? 0);
  const { nodes, pruned } = body;
  return {
    ...body,
    ...(nothing && { total: 0 }),
    nodes: {
      function: nodes.function.slice(0, count),
      self: nodes.self.slice(0, count),
      total: nodes.total.slice(0, count),
    },
    edges: {
      from: pick(body.edges.from),
      to: pick(body.edges.to),
      value: pick(body.edges.value),
      indirect: pick(body.edges.indirect),
    },
    pruned: { nodes: pruned.nodes + nodes.function.length - count, edges: pruned.edges },
  };
}

function facets(params: URLSearchParams, nothing: boolean): FacetsBody {
  const body = fixture<FacetsBody>('facets');
  const wanted = params.getAll('facet');
  const prefix = params.get('prefix') ?? '';
  const shown = wanted.map((key) => {
    const facet = body.facets.find((each) => each.key === key) ?? {
      key,
      values: ['shop', 'platform'],
      counts: [300, 121],
      distinct: 2,
      truncated: false,
    };
    const kept = facet.values.map((value, index) => ({ value, count: facet.counts[index] ?? 0 }));
    const matching = nothing ? [] : kept.filter(({ value }) => value.includes(prefix));
    return {
      ...facet,
      values: matching.map(({ value }) => value),
      counts: matching.map(({ count }) => count),
    };
  });
  return { profiles: nothing ? 0 : body.profiles, facets: shown };
}

function breakdown(params: URLSearchParams, nothing: boolean): BreakdownBody {
  const by = params.get('by') ?? 'tag:service';
  const name = by.slice(by.indexOf(':') + 1);
  const known = ['thread', 'endpoint', 'function', 'line', 'file', 'package', 'version'].includes(name);
  const body = fixture<BreakdownBody>(`breakdown-${known ? name : 'service'}`);
  const search = params.get('search') ?? '';
  const kept = [...body.rows.value.keys()].filter(
    (row) => !nothing && (body.rows.value[row] ?? '').toLowerCase().includes(search.toLowerCase()),
  );
  const rows = Object.fromEntries(
    Object.entries(body.rows).map(([column, values]) => [
      column,
      Array.isArray(values) ? kept.map((row) => values[row]) : values,
    ]),
  ) as unknown as BreakdownBody['rows'];
  return { ...body, by, rows, ...(nothing && { total: 0, samples: 0, profiles: 0, found: 0, other: null }) };
}

/** Of groups that are the same without the tags that were not asked for, the first stands for all. */
function table(params: URLSearchParams, nothing: boolean): TableBody {
  const body = fixture<TableBody>('table');
  const tags = params.getAll('group_by');
  const keys = (body.groups['service'] ?? []).map((_, row) =>
    tags.map((tag) => body.groups[tag]?.[row] ?? '').join('\t'),
  );
  const rows = nothing ? [] : [...keys.keys()].filter((row) => keys.indexOf(keys[row] ?? '') === row);
  const pick = <Value>(columns: Record<string, Value[]>, names: readonly string[]): Record<string, Value[]> =>
    Object.fromEntries(
      names.map((name) => [name, rows.flatMap((row) => columns[name]?.slice(row, row + 1) ?? [])]),
    );
  return {
    ...body,
    groups: pick(body.groups, tags),
    measures: pick(body.measures, params.getAll('measure')),
    found: rows.length,
  };
}
