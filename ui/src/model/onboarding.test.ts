import { describe, expect, it } from 'vitest';

import { LANGUAGES, stepsFor, TOKEN, tokenNote, type Server } from './onboarding.ts';

const HERE: Server = { origin: 'http://localhost:8378', needsToken: false };
const FAR: Server = { origin: 'https://vesta.example.org', needsToken: true };
const SERVICES = LANGUAGES.map(([language]) => language).filter((language) => language !== 'file');

const text = (...args: Parameters<typeof stepsFor>): string =>
  stepsFor(...args)
    .map(({ code }) => code)
    .join('\n');

describe('lines that send profiles here', () => {
  it.each(SERVICES)('name the server, switch the profiler on and name the service: %s', (language) => {
    expect(text(language, 'host', HERE)).toContain('export DD_TRACE_AGENT_URL=http://localhost:8378\n');
    expect(text(language, 'docker', { ...HERE, origin: 'http://vesta:8378' })).toContain(
      '-e DD_TRACE_AGENT_URL=http://vesta:8378',
    );
    for (const place of ['host', 'docker'] as const) {
      expect(text(language, place, HERE)).toContain('DD_PROFILING_ENABLED=true');
      expect(text(language, place, HERE)).toContain('DD_SERVICE=my-service');
    }
  });

  it.each(SERVICES)('go through a socket where a container does not reach the server: %s', (language) => {
    const lines = text(language, 'docker', HERE);
    expect(lines).toContain('vesta server --sdk-socket /run/vesta/sdk.sock');
    expect(lines).toContain('-v /run/vesta:/run/vesta');
    expect(lines).toContain('-e DD_TRACE_AGENT_URL=unix:///run/vesta/sdk.sock');
    expect(lines).not.toContain('localhost');
  });

  it.each(SERVICES)('have a place for the token, or say that the library has none: %s', (language) => {
    const hasPlace = text(language, 'host', FAR).includes(`DD_API_KEY=${TOKEN}`);
    expect(hasPlace).toBe(tokenNote(language, 'host', FAR) === undefined);
    expect(text(language, 'host', HERE)).not.toContain(TOKEN);
    expect(tokenNote(language, 'host', HERE)).toBeUndefined();
  });

  it('quote what a shell would read', () => {
    expect(text('dotnet', 'host', HERE)).toContain(
      "export CORECLR_PROFILER='{846F5F1C-F9AE-4B07-969E-05C26BC060D8}'",
    );
  });

  it('import files to this server', () => {
    expect(text('file', 'host', FAR)).toContain(
      'vesta import cpu.pprof --service my-service --server https://vesta.example.org --token TOKEN',
    );
  });
});
