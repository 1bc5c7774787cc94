/* Profiling of the program that this is included in. Settings come from the environment: DD_SERVICE, DD_ENV, DD_VERSION,
 * DD_TRACE_AGENT_URL, DD_PROFILING_NATIVE_PRESET, ... (docs/native.md).
 *
 * Link with -lvesta_profiling, or preload libvesta_profiling.so with DD_PROFILING_NATIVE_AUTOSTART=1.
 */
#ifndef VESTA_PROFILING_H
#define VESTA_PROFILING_H

#ifdef __cplusplus
extern "C" {
#endif

/* Starts profiling. Answers 0, or -1 when that is not possible (it says why on standard error) or it was started before.
 * Profiling ends with the program, which waits up to five seconds for the last upload. */
int vesta_start_profiling(void);

/* Ends profiling, and sends what was seen last within this many milliseconds. It may be started again. */
void vesta_stop_profiling(int timeout_ms);

/* The same two under the names of Datadog's library. */
int ddprof_start_profiling(void);
void ddprof_stop_profiling(int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
