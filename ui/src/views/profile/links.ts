import { serviceQuery } from '../../api/profile-page.ts';
import type { ProfileBody, ProfileId } from '../../api/types.ts';
import { quoted } from '../../model/query-text.ts';
import { DEFAULTS, type ViewState } from '../../state/url.ts';

/** Another profile in the same tab, of the same type; what was zoomed in on is found there by its path. */
export function toProfile(id: ProfileId): Partial<ViewState> {
  return { page: 'profile', profile: id, source: '', window: '', expanded: [] };
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
