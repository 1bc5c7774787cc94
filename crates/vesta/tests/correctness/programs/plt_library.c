int tiny(int number);
__attribute__((noinline)) int tiny(int number) { return number + 1; }
