package com.acme.tickets;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import datadog.trace.api.Trace;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A small ticket office with a load of its own, to have something real to profile.
 *
 * <p>Compile it against Datadog's agent, which also has the annotation for spans, and run it as it is or under the agent:
 *
 * <pre>
 * javac -cp dd-java-agent.jar -d classes Tickets.java
 * jar --create --file tickets.jar --main-class com.acme.tickets.Tickets -C classes .
 * java -javaagent:dd-java-agent.jar -Ddd.profiling.enabled=true -XX:FlightRecorderOptions=stackdepth=256 -jar tickets.jar
 * </pre>
 *
 * <p>It listens on a free port of the loopback interface (TICKETS_PORT picks one), starts a second process that sends it
 * requests, and prints a line for every 50 it has answered. Interrupt it, or close its standard input with
 * TICKETS_STOP_WITH_INPUT=1, to stop it.
 *
 * <p>What its profiles should show:
 *
 * <pre>
 * rankSeats      nearly all CPU time: a deliberately slow search
 * printTickets   nearly all allocations
 * holdSeats      waiting for a lock that is held too long
 * askBank        waiting for a socket
 * archiveOrders  bringing a file to disk
 * readCoupon     exceptions
 * </pre>
 */
public final class Tickets {
    private static final int WORKERS = 4;
    private static final int ROWS = 40;
    private static final int SEATS = 50;

    private final AtomicInteger answered = new AtomicInteger();
    private final SeatPlan plan = new SeatPlan();
    private final ByteBuffer orders = ByteBuffer.allocate(16 << 20);
    private final Path archive;
    private final int bankPort;

    private Tickets(Path archive, int bankPort) {
        this.archive = archive;
        this.bankPort = bankPort;
    }

    /** Answers requests. Spans, which is what gives profiles their endpoint, come from the annotations. */
    private String answer(String path) throws IOException, InterruptedException {
        switch (path) {
            case "/seats":
                return seats();
            case "/print":
                return print();
            case "/buy":
                return buy();
            default:
                return "/seats /print /buy";
        }
    }

    @Trace(operationName = "servlet.request", resourceName = "GET /seats")
    private String seats() {
        return "best " + new Ranking(new Random(7)).rankSeats(4);
    }

    @Trace(operationName = "servlet.request", resourceName = "GET /print")
    private String print() {
        return "printed " + Printer.printTickets(4000);
    }

    @Trace(operationName = "servlet.request", resourceName = "GET /buy")
    private String buy() throws IOException, InterruptedException {
        int left = plan.holdSeats(2);
        int discount = Coupon.discount("no-coupon");
        byte[] receipt = askBank(80 - discount);
        if (left % 20 == 0) {
            archiveOrders(left);
        }
        return "left " + left + " receipt " + receipt.length;
    }

    /** The bank takes its time. */
    private byte[] askBank(int price) throws IOException {
        try (Socket bank = new Socket(InetAddress.getLoopbackAddress(), bankPort)) {
            bank.getOutputStream().write((price + "\n").getBytes(StandardCharsets.US_ASCII));
            return bank.getInputStream().readAllBytes();
        }
    }

    /** Writes all orders again, whatever has changed, and waits until they are on disk. */
    private void archiveOrders(int left) throws IOException {
        synchronized (orders) {
            orders.putInt(0, left).clear();
            try (FileChannel file = FileChannel.open(archive, StandardOpenOption.WRITE)) {
                file.write(orders);
                file.force(true);
            }
        }
    }

    /** Finds seats side by side by looking at all of them, many times. */
    private static final class Ranking {
        private final int[] prices = new int[ROWS * SEATS];

        Ranking(Random dice) {
            for (int seat = 0; seat < prices.length; seat++) {
                prices[seat] = 20 + dice.nextInt(100);
            }
        }

        int rankSeats(int group) {
            int best = 0;
            long lowest = Long.MAX_VALUE;
            for (int round = 0; round < 150; round++) {
                for (int first = 0; first + group <= prices.length; first++) {
                    long cost = 0;
                    for (int seat = first; seat < first + group; seat++) {
                        for (int other = first; other < first + group; other++) {
                            cost += (long) prices[seat] * prices[other] % (round + 7);
                        }
                    }
                    if (cost < lowest) {
                        lowest = cost;
                        best = first;
                    }
                }
            }
            return best;
        }
    }

    /** Builds far larger tickets than anybody prints: mostly allocations. */
    private static final class Printer {
        static int printTickets(int count) {
            List<byte[]> tickets = new ArrayList<>();
            for (int ticket = 0; ticket < count; ticket++) {
                tickets.add(new byte[2048]);
            }
            return tickets.size();
        }
    }

    /** The free seats behind one lock, which is held while the order is "written". */
    private static final class SeatPlan {
        private int left = 1_000_000;

        synchronized int holdSeats(int count) throws InterruptedException {
            Thread.sleep(25);
            left -= count;
            return left;
        }
    }

    /** Coupons that are no numbers, found out the expensive way. */
    private static final class Coupon {
        static int discount(String coupon) {
            try {
                return readCoupon(coupon);
            } catch (BadCoupon bad) {
                return 0;
            }
        }

        private static int readCoupon(String coupon) {
            if (!Character.isDigit(coupon.charAt(0))) {
                throw new BadCoupon(coupon + " is no coupon");
            }
            return Integer.parseInt(coupon);
        }
    }

    private static final class BadCoupon extends RuntimeException {
        private static final long serialVersionUID = 1;

        BadCoupon(String message) {
            super(message);
        }
    }

    private void handle(HttpExchange exchange) {
        try (exchange) {
            byte[] body = answer(exchange.getRequestURI().getPath()).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        } catch (IOException | InterruptedException gone) {
            return;
        }
        int count = answered.incrementAndGet();
        if (count % 50 == 0) {
            System.out.println("answered " + count + " requests");
        }
    }

    /** Runs outside of the service: the bank, and visitors that come until standard input closes. */
    private static void load(int port, int bankPort) throws IOException {
        ServerSocket bank = new ServerSocket(bankPort, 50, InetAddress.getLoopbackAddress());
        start("bank", () -> serveBank(bank));
        for (int visitor = 0; visitor < 4; visitor++) {
            Random dice = new Random(visitor);
            start("visitor-" + visitor, () -> visit(port, dice));
        }
        while (System.in.read() >= 0) {
            continue;
        }
        System.exit(0);
    }

    private static void serveBank(ServerSocket bank) {
        while (true) {
            try {
                Socket customer = bank.accept();
                start("teller", () -> charge(customer));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private static void charge(Socket customer) {
        try (customer) {
            Thread.sleep(40);
            customer.getOutputStream().write(new byte[512]);
        } catch (IOException | InterruptedException gone) {
            return;
        }
    }

    private static void visit(int port, Random dice) {
        String[] paths = {"/seats", "/seats", "/seats", "/seats", "/print", "/buy", "/buy", "/buy"};
        while (true) {
            try {
                String address = "http://127.0.0.1:" + port + paths[dice.nextInt(paths.length)];
                HttpURLConnection connection = (HttpURLConnection) URI.create(address).toURL().openConnection();
                try (InputStream body = connection.getInputStream()) {
                    body.readAllBytes();
                }
                Thread.sleep(dice.nextInt(60));
            } catch (IOException gone) {
                pause();
            } catch (InterruptedException stopped) {
                return;
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(200);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static Thread start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** The visitors are not part of the service: they run in a process without the profiler. */
    private static Process startLoad(int port, int bankPort) throws Exception {
        String java = ProcessHandle.current().info().command().orElse("java");
        String jar = new File(Tickets.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getPath();
        ProcessBuilder builder = new ProcessBuilder(
            java, "-Xmx64m", "-cp", jar, Tickets.class.getName(), "load", port + "", bankPort + "");
        builder.environment().keySet().removeIf(name -> name.startsWith("DD_") || name.equals("JAVA_TOOL_OPTIONS"));
        return builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 3 && arguments[0].equals("load")) {
            load(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
            return;
        }
        Path archive = Files.createTempFile("tickets", ".orders");
        archive.toFile().deleteOnExit();
        int bankPort = freePort();
        Tickets tickets = new Tickets(archive, bankPort);

        int wanted = Integer.parseInt(System.getenv().getOrDefault("TICKETS_PORT", "0"));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted), 64);
        AtomicInteger worker = new AtomicInteger();
        server.setExecutor(Executors.newFixedThreadPool(
            WORKERS, work -> new Thread(work, "worker-" + worker.incrementAndGet())));
        server.createContext("/", tickets::handle);
        server.start();
        int port = server.getAddress().getPort();
        System.out.println("tickets are sold on http://127.0.0.1:" + port);

        Process load = startLoad(port, bankPort);
        Runtime.getRuntime().addShutdownHook(new Thread(load::destroy, "closing"));
        if (System.getenv("TICKETS_STOP_WITH_INPUT") != null) {
            while (System.in.read() >= 0) {
                continue;
            }
            System.exit(0);
        }
    }
}
