// Two thirds of the time in `loud`, one third in `quiet`.
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

public final class Split {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static long sink = 1;

    private static void burn() {
        long state = sink | 1;
        for (int step = 0; step < 20000; step++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }
        sink = state;
    }

    private static void loud(double seconds) {
        long end = THREADS.getCurrentThreadCpuTime() + (long) (seconds * 1e9);
        while (THREADS.getCurrentThreadCpuTime() < end) burn();
    }

    private static void quiet(double seconds) {
        long end = THREADS.getCurrentThreadCpuTime() + (long) (seconds * 1e9);
        while (THREADS.getCurrentThreadCpuTime() < end) burn();
    }

    public static void main(String[] arguments) {
        for (int turn = 0; turn < 2000; turn++) {
            loud(0.001);
            quiet(0.0005);
        }
    }
}
