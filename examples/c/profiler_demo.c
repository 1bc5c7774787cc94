#include <stdlib.h>
#include "vesta_profiling.h"

int foo(void) {
  int n = 0;
  for (int i = 0; i < 1000; i++) {
    n += 1;
  }
  return n;
}

int main(void) {
  // Initialize and start the profiler. Uses agent defaults if not
  // specified
  setenv("DD_ENV", "prod", 1);
  setenv("DD_SERVICE", "c_testservice", 1);
  setenv("DD_VERSION", "1.0.3", 1);
  ddprof_start_profiling();

  // Do some work
  for (int i = 0; i < 1e6; i++) {
    foo();
  }
  return 0;
}
