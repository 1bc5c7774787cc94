import { serviceQuery } from '../../api/profile-page.ts';
import type { ProfileBody, ProfileId } from '../../api/types.ts';
import { quoted } from '../../model/query-text.ts';
import { DEFAULTS, NO_SIDE, type ViewState } from '../../state/url.ts';

/** Another profile in the same tab, of the same type; what was zoomed in on is found there by its path. */
export function toProfile(id: ProfileId): Partial<ViewState> {
  return { page: 'profile', profile: id, source: '', window: '', expanded: [] };
}

/** The profile as what changed, against another as what it was before. */
export function toComparison(before: ProfileId, after: ProfileId): Partial<ViewState> {
  return {
    ...DEFAULTS,
    page: 'compare',
    a: { ...NO_SIDE, profile: before },
    b: { ...NO_SIDE, profile: after },
  };
}

/** All profiles of the service around this time that have the tag. */
export function toTag(profile: ProfileBody, key: string, value: string): Partial<ViewState> {
  const service = key === 'service' ? '' : `service:${quoted(profile.service)} `;
  return { ...toService(profile), query: `${service}${key}:${quoted(value)}` };
}

/** All profiles of the service around this time. */
export function toService(profile: ProfileBody): Partial<ViewState> {
  return {
    ...DEFAULTS,
    query: serviceQuery(profile),
    from: new Date(profile.start_ms - 1_800_000).toISOString(),
    to: new Date(profile.end_ms + 1_800_000).toISOString(),
  };
}
