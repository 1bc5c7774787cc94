import { expect, it } from 'vitest';

import { decodeUrl, DEFAULTS } from '../state/url.ts';
import { embedSnippet, embedUrl, narrowedBy } from './share.ts';

it('says what a file is made from', () => {
  expect(narrowedBy(DEFAULTS)).toBe('');
  expect(narrowedBy({ ...DEFAULTS, filters: ['a:b'] })).toBe('1 filter');
  expect(narrowedBy({ ...DEFAULTS, filters: ['a:b', 'c:d'], transforms: ['my-code'], window: '1,2' })).toBe(
    '2 filters, 1 transform and the chosen time',
  );
});

it('embeds what is shown and no more', () => {
  const state = {
    ...DEFAULTS,
    page: 'profile',
    profile: 'ff',
    tab: 'metrics',
    filters: ['endpoint:GET "/a"&b'],
    zoom: ['a1'],
  } as const;
  const url = new URL(embedUrl(state, 'https://vesta.test'));
  expect(url.pathname).toBe('/embed');
  expect(decodeUrl(url.pathname, url.search)).toEqual({ ...state, page: 'embed', tab: 'flame' });
  const snippet = embedSnippet(state, 'https://vesta.test');
  expect(/src="([^"]*)"/.exec(snippet)?.[1]?.replaceAll('&amp;', '&')).toBe(url.href);
});
