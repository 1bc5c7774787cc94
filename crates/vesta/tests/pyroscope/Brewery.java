import io.pyroscope.javaagent.PyroscopeAgent;
import io.pyroscope.labels.v2.LabelsSet;
import io.pyroscope.labels.v2.Pyroscope.LabelsWrapper;
import java.util.concurrent.atomic.AtomicBoolean;
import sun.misc.Signal;

/** Work under Pyroscope's own agent for Java. */
public final class Brewery {
    private static final Object CELLAR = new Object();
    private static byte[][] barrels = new byte[100][];

    public static void main(String[] arguments) throws Exception {
        AtomicBoolean interrupted = new AtomicBoolean();
        Signal.handle(new Signal("INT"), signal -> interrupted.set(true));
        Thread cellarer = new Thread(Brewery::keepTheCellar, "cellarer");
        cellarer.setDaemon(true);
        cellarer.start();
        LabelsSet labels = new LabelsSet("endpoint", "POST /ales", "kettle", "copper");
        for (int answered = 1; !interrupted.get(); answered++) {
            int request = answered;
            LabelsWrapper.run(labels, () -> answer(request));
            if (answered % 50 == 0) {
                System.out.println("answered " + answered + " requests");
            }
        }
        // Else it complains of the files that the end of the JVM takes from it.
        PyroscopeAgent.stop();
    }

    private static void answer(int request) {
        boilWort(2_000_000);
        barrels[request % barrels.length] = fillBarrel(request);
        synchronized (CELLAR) {
            barrels[0] = barrels[request % barrels.length];
        }
    }

    private static long boilWort(int rounds) {
        long total = 0;
        for (int step = 0; step < rounds; step++) {
            total += (long) step * step % 7;
        }
        return total;
    }

    private static byte[] fillBarrel(int request) {
        return new byte[(64 << 10) + request % 2];
    }

    /** Somebody who holds the lock that requests want. */
    private static void keepTheCellar() {
        while (true) {
            synchronized (CELLAR) {
                pause(1);
            }
            pause(0);
        }
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
