import { describe, expect, it } from 'vitest';

import { AS_IS, formatNormalized, normalizerOf, type NormalizerBasis } from './normalize.ts';

const basis: NormalizerBasis = { kind: 'delta', seconds: 3600, calls: 1200 };

describe('normalizer', () => {
  it('divides by the minutes that the profiles cover', () => {
    const perMinute = normalizerOf(basis, 'minute');
    expect(perMinute.divisor).toBe(60);
    // Two cores busy for an hour.
    expect(formatNormalized(7200e9, 'nanoseconds', perMinute)).toBe('2 min 00 s/min');
    expect(formatNormalized(60 * 1024, 'bytes', perMinute)).toBe('1.00 KiB/min');
  });

  it('divides by the calls of endpoints', () => {
    const perCall = normalizerOf(basis, 'call');
    expect(perCall.divisor).toBe(1200);
    expect(formatNormalized(6e9, 'nanoseconds', perCall)).toBe('5.00 ms/call');
  });

  it('leaves values alone when nothing is asked for', () => {
    expect(normalizerOf(basis, 'total')).toBe(AS_IS);
    expect(formatNormalized(6e9, 'nanoseconds', AS_IS)).toBe('6.00 s');
  });

  it.each([
    ['minute', { ...basis, kind: 'snapshot' }, /one moment/],
    ['call', { ...basis, kind: 'snapshot' }, /one moment/],
    ['call', { ...basis, calls: null }, /counts the calls/],
    ['call', { ...basis, calls: 0 }, /counts the calls/],
    ['minute', { ...basis, seconds: 0 }, /how much time/],
  ] as const)('says why %s is impossible and shows totals', (mode, of, reason) => {
    const normalizer = normalizerOf(of, mode);
    expect(normalizer).toMatchObject({ mode: 'total', divisor: 1, suffix: '' });
    expect(normalizer.obstacle).toMatch(reason);
  });

  it('keeps fractions of counts and bytes, which would round to nothing', () => {
    const perCall = normalizerOf(basis, 'call');
    expect(formatNormalized(400, 'count', perCall)).toBe('0.33/call');
    expect(formatNormalized(600, 'bytes', perCall)).toBe('0.50 B/call');
    expect(formatNormalized(0, 'bytes', perCall)).toBe('0 B/call');
    expect(formatNormalized(1200 * 512, 'bytes', perCall)).toBe('512 B/call');
    expect(formatNormalized(1200 * 25_000, 'count', perCall)).toBe('25.0k/call');
    expect(formatNormalized(1, 'count', perCall)).toBe('0.00083/call');
  });
});
