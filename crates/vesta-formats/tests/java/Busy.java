import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** Computes, allocates, waits for locks and sleeps in three threads: Busy MILLISECONDS. */
public class Busy {
    static final ReentrantLock LOCK = new ReentrantLock();
    static final List<byte[]> KEPT = new ArrayList<>();
    static volatile long sink;

    public static void main(String[] arguments) throws Exception {
        long end = System.nanoTime() + Long.parseLong(arguments[0]) * 1_000_000;
        List<Thread> threads = new ArrayList<>();
        for (int n = 0; n < 3; n++) {
            Thread thread = new Thread(() -> work(end), "busy-" + n);
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    static void work(long end) {
        while (System.nanoTime() < end) {
            sink += compute(1_000_000);
            allocate();
            monitor();
            locked();
            try {
                Thread.sleep(5);
            } catch (InterruptedException interrupted) {
                return;
            }
        }
    }

    static long compute(int count) {
        long sum = 0;
        for (int n = 0; n < count; n++) {
            sum += sum * 31 + n;
        }
        return sum;
    }

    static void allocate() {
        for (int n = 0; n < 50; n++) {
            byte[] bytes = new byte[10_000];
            sink += bytes.length;
            if (n % 25 == 0) {
                synchronized (KEPT) {
                    KEPT.add(bytes);
                }
            }
        }
    }

    static synchronized void monitor() {
        sink += compute(200_000);
    }

    static void locked() {
        LOCK.lock();
        try {
            sink += compute(200_000);
        } finally {
            LOCK.unlock();
        }
    }
}
