import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { parseRepository, type Revision } from '../model/repository.ts';
import { get } from './client.ts';
import { useProfile, type Scope } from './queries.ts';
import type { FacetsBody } from './types.ts';

const URL_TAG = 'git.repository_url';
const COMMIT_TAG = 'git.commit.sha';

/** What tags of a profile say about its code. */
export function revisionOfTags(tags: readonly string[]): Revision | undefined {
  const value = (key: string): string =>
    tags.find((tag) => tag.startsWith(`${key}:`))?.slice(key.length + 1) ?? '';
  const repository = parseRepository(value(URL_TAG));
  return repository ? { repository, commit: value(COMMIT_TAG) } : undefined;
}

/**
 * Where the code of a scope is: what its profile says or, of a scope with several, what all of them say. With two
 * commits in scope, or profiles that name none, lines could be those of another version, so nothing is linked.
 */
export function useRevision(scope: Scope, profileId: string): Revision | undefined {
  const isOne = profileId !== '';
  const profile = useProfile(profileId, scope, isOne);
  const facets = useQuery({
    queryKey: ['/facets', scope.params, 'revision'],
    queryFn: ({ signal }) =>
      get<FacetsBody>(
        '/facets',
        [...scope.params, ['facet', URL_TAG], ['facet', COMMIT_TAG], ['limit', '2']],
        signal,
      ),
    enabled: !isOne,
    staleTime: 60_000,
  });
  const tags = profile.data?.tags;
  return useMemo(() => {
    if (isOne) return tags ? revisionOfTags(tags) : undefined;
    const body = facets.data;
    if (!body) return undefined;
    return revisionOfTags(
      body.facets.flatMap(({ key, values, counts }) =>
        values.length === 1 && counts[0] === body.profiles ? [`${key}:${values[0]}`] : [],
      ),
    );
  }, [isOne, tags, facets.data]);
}
