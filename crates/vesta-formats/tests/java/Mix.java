import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Configuration;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Frequency;
import jdk.jfr.Label;
import jdk.jfr.MemoryAddress;
import jdk.jfr.Name;
import jdk.jfr.Percentage;
import jdk.jfr.Recording;
import jdk.jfr.Timespan;
import jdk.jfr.Timestamp;
import jdk.jfr.Unsigned;

/**
 * Does a little of everything that a JVM records: Mix FOLDER [EVENT...] writes FOLDER/mix.jfr, and FOLDER/unfinished.jfr,
 * without these events. For Java 8 and newer.
 */
public class Mix {
    @Name("mix.Fields")
    @Label("Fields of All Kinds")
    static class Fields extends Event {
        boolean yes;
        byte b;
        short s;
        char c;
        int i;
        long l;
        float f;
        double d;
        String text;
        Class<?> type;
        Thread thread;
        @Unsigned int unsignedInt;
        @Unsigned long unsignedLong;
        @Timestamp(Timestamp.MILLISECONDS_SINCE_EPOCH) long millisSinceEpoch;
        @Timestamp(Timestamp.TICKS) long ticks;
        @Timespan(Timespan.NANOSECONDS) long nanos;
        @Timespan(Timespan.MICROSECONDS) long micros;
        @Timespan(Timespan.MILLISECONDS) long millis;
        @Timespan(Timespan.SECONDS) long seconds;
        @Timespan(Timespan.TICKS) long spanTicks;
        @DataAmount long bytes;
        @DataAmount(DataAmount.BITS) long bits;
        @Frequency long hertz;
        @Percentage float share;
        @MemoryAddress long address;
    }

    @Name("mix.Step")
    static class Step extends Event {
        int number;
    }

    @Name("mix.Last")
    static class Last extends Event {}

    static final String[] TEXTS = {
        null, "", "short", "gr\u00fc\u00dfe, latin one", "\u706b \u0434\u043e\u043c \u0001 \"quoted\" \\ / \t",
        "a string of more than sixteen characters goes into a pool", new String(new char[3000]).replace('\0', 'x'),
        "\ud83d\udd25 pairs",
    };

    static volatile long sink;

    public static void main(String[] arguments) throws Exception {
        Path folder = Paths.get(arguments[0]);
        Recording recording = new Recording(Configuration.getConfiguration("profile"));
        recording.enable("jdk.CPUTimeSample");
        recording.enable("jdk.ObjectCount").with("period", "everyChunk");
        for (int n = 1; n < arguments.length; n++) {
            recording.disable(arguments[n]);
        }
        recording.start();
        work(folder);
        fields();
        // Begins a new chunk.
        recording.dump(folder.resolve("first.jfr"));
        work(folder);
        fields();
        recording.stop();
        recording.dump(folder.resolve("mix.jfr"));
        recording.close();
        unfinished(folder);
    }

    /** Copies a chunk while the JVM still writes it, as it is found after a crash. */
    static void unfinished(Path folder) throws Exception {
        Recording recording = new Recording();
        recording.enable("mix.Step").withStackTrace();
        recording.start();
        for (int number = 0; number < 1000; number++) {
            Step step = new Step();
            step.number = number;
            step.commit();
        }
        // What tells of this type is written after the steps.
        new Last().commit();
        Path copy = folder.resolve("unfinished.jfr");
        File repository = folder.resolve("repository").toFile();
        // The JVM writes what it has every second; not while the copy is made, if two of them are the same.
        byte[] before = null;
        for (int attempt = 0; attempt < 300; attempt++) {
            File newest = newest(repository);
            byte[] bytes = newest == null ? new byte[0] : Files.readAllBytes(newest.toPath());
            if (Arrays.equals(before, bytes) && isWritten(bytes)) {
                Files.write(copy, bytes);
                break;
            }
            before = bytes;
            Thread.sleep(100);
        }
        recording.close();
    }

    static boolean isWritten(byte[] bytes) throws Exception {
        return new String(bytes, "ISO-8859-1").contains("mix.Last");
    }

    static File newest(File folder) {
        File newest = null;
        File[] entries = folder.listFiles();
        for (File entry : entries == null ? new File[0] : entries) {
            File found = entry.isDirectory() ? newest(entry) : entry.getName().endsWith(".jfr") ? entry : null;
            if (found != null && (newest == null || found.getName().compareTo(newest.getName()) > 0)) {
                newest = found;
            }
        }
        return newest;
    }

    static void fields() {
        for (int n = -40; n < 40; n++) {
            Fields event = new Fields();
            event.begin();
            event.yes = n % 2 == 0;
            event.b = (byte) (n * 3);
            event.s = (short) (n * 1000);
            event.c = (char) ('A' + n);
            event.i = n * 12345678;
            event.l = n * 1234567890123456789L;
            event.f = n / 3f;
            event.d = n / 7.0;
            event.text = TEXTS[(n + 40) % TEXTS.length];
            event.type = n % 3 == 0 ? null : n % 3 == 1 ? Mix.class : int[][].class;
            event.thread = n % 2 == 0 ? Thread.currentThread() : null;
            event.unsignedInt = Math.abs(n) * 1000;
            event.unsignedLong = Math.abs(n) * 1000L;
            event.millisSinceEpoch = 1700000000000L + n;
            event.ticks = n == 0 ? Long.MIN_VALUE : 1000000L * Math.abs(n);
            event.nanos = n;
            event.micros = n;
            event.millis = n == 1 ? Long.MAX_VALUE : n == 2 ? Long.MIN_VALUE : n;
            event.seconds = n;
            event.spanTicks = n * 1000003L;
            event.bytes = n;
            event.bits = n;
            event.hertz = n;
            event.share = n / 40f;
            event.address = 0x7f0000000000L + n;
            event.commit();
        }
    }

    static void work(Path folder) throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int n = 0; n < 3; n++) {
            Thread thread = new Thread(new ThreadGroup("mixers"), () -> sink += compute(300_000_000L), "mixer-" + n);
            thread.start();
            threads.add(thread);
        }
        threads.add(virtual(() -> sleep(30)));
        exceptions();
        locks();
        files(folder);
        sockets();
        LockSupport.parkNanos(100_000_000);
        List<byte[]> kept = new ArrayList<>();
        for (int n = 0; n < 200; n++) {
            kept.add(new byte[200_000]);
        }
        sink += kept.size();
        System.gc();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** Computes for so many nanoseconds of this thread's own, however busy the machine is. */
    static long compute(long limit) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long end = threads.getCurrentThreadCpuTime() + limit;
        long sum = 0;
        while (threads.getCurrentThreadCpuTime() < end) {
            for (int n = 0; n < 100_000; n++) {
                sum += sum * 31 + n;
            }
        }
        return sum;
    }

    static void exceptions() {
        for (int n = 0; n < 20; n++) {
            try {
                throw new IllegalStateException("number " + n + " of the mix");
            } catch (IllegalStateException expected) {
                sink++;
            }
            try {
                throw new StackOverflowError("made up");
            } catch (Error expected) {
                sink++;
            }
        }
    }

    static void locks() throws Exception {
        Object lock = new Object();
        Thread main = Thread.currentThread();
        CountDownLatch held = new CountDownLatch(1);
        Thread holder = new Thread(() -> {
            synchronized (lock) {
                held.countDown();
                while (main.getState() != Thread.State.BLOCKED) {
                    Thread.yield();
                }
                // Longer than the threshold of the recording.
                sleep(60);
            }
        }, "holder");
        holder.start();
        held.await();
        synchronized (lock) {
            lock.wait(100);
        }
        holder.join();
    }

    static void files(Path folder) throws Exception {
        File file = folder.resolve("data").toFile();
        try (FileOutputStream out = new FileOutputStream(file)) {
            out.write(new byte[1 << 22]);
            out.getFD().sync();
        }
        try (FileInputStream in = new FileInputStream(file)) {
            sink += in.read(new byte[1 << 22]);
        }
    }

    static void sockets() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            Thread client = new Thread(() -> {
                try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                    // Longer than the threshold of the recording, also for who comes to read late.
                    sleep(200);
                    socket.getOutputStream().write(new byte[100]);
                } catch (java.io.IOException broken) {
                    throw new java.io.UncheckedIOException(broken);
                }
            }, "client");
            client.start();
            try (Socket socket = server.accept()) {
                sink += socket.getInputStream().read(new byte[100]);
            }
            client.join();
        }
    }

    /** A virtual thread where there are some. */
    static Thread virtual(Runnable task) throws Exception {
        try {
            return (Thread) Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
        } catch (NoSuchMethodException older) {
            Thread thread = new Thread(task, "not virtual");
            thread.start();
            return thread;
        }
    }

    static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
