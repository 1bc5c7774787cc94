import { expect, it } from 'vitest';

import { revisionOfTags } from './revision.ts';

it('finds repository and commit among the tags of a profile', () => {
  const revision = revisionOfTags([
    'service:web',
    'git.commit.sha:4298f9a1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7',
    'git.repository_url:git@github.com:shop/web.git',
  ]);
  expect(revision).toMatchObject({
    commit: '4298f9a1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7',
    repository: { url: 'https://github.com/shop/web' },
  });
  expect(revisionOfTags(['service:web'])).toBeUndefined();
});
