//! Datadog's agent for Java, as it comes from Maven.

use crate::client::{Client, assert_hot};
use crate::server::Server;
use crate::skip::skip;
use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

const HOT: &str = "com.acme.tickets.Tickets$Ranking.rankSeats";
/// Enough for some periods on a machine that does other things as well.
const REQUESTS: u32 = 1_200;

/// What the service does most, by what it takes. Functions are looked for anywhere on the stack.
const SHOWN: [(&str, &str); 8] = [
    ("cpu-samples", HOT),
    ("alloc-space", "com.acme.tickets.Tickets$Printer.printTickets"),
    ("alloc-samples", "com.acme.tickets.Tickets$Printer.printTickets"),
    ("exception-samples", "com.acme.tickets.Tickets$Coupon.readCoupon"),
    ("lock-acquire-wait", "com.acme.tickets.Tickets$SeatPlan.holdSeats"),
    ("lock-acquire", "com.acme.tickets.Tickets$SeatPlan.holdSeats"),
    ("socket-read-time", "com.acme.tickets.Tickets.askBank"),
    ("socket-read-size", "com.acme.tickets.Tickets.askBank"),
];

#[test]
fn the_command_line_of_the_instructions_profiles_java() {
    let _turn = crate::turns::of_one();
    let Some(jars) = jars("the_command_line_of_the_instructions_profiles_java") else { return };
    // The agent sends to port 8126 without being told. Where that is taken, it has to be told.
    let is_free = TcpListener::bind(("127.0.0.1", 8126)).is_ok();
    let server = Server::start(if is_free { &["--sdk-listen", "127.0.0.1:8126"] } else { &[] });
    let elsewhere = [("DD_TRACE_AGENT_URL", server.intake.as_str())];
    let named = [("DD_SERVICE", "tickets"), ("DD_ENV", "prod"), ("DD_VERSION", "3.1.0")];
    let named = named.iter().chain(if is_free { &[][..] } else { &elsewhere });
    run(&jars, &named.copied().collect::<Vec<_>>());

    assert_hot(&server, "tickets", HOT, "GET /seats");
    // Time goes by in requests only, as far as the agent looks.
    let seats = total_of(&server, "wall-time", HOT);
    assert!(seats > 0, "{seats} ns of wall time");
    for (value_type, function) in SHOWN {
        assert!(total_of(&server, value_type, function) > 0, "{value_type} of {function}");
    }
    assert_most(&server, "alloc-space", "com.acme.tickets.Tickets$Printer.printTickets");
    assert!(total(&server, "heap-space") > 0 && total(&server, "timeline") > 0);

    let profiles = server.json(&["profiles", "--json", "--query", "service:tickets"]);
    assert!(profiles["total"].as_u64().unwrap() >= 2, "one upload per period: {profiles:#}");
    let profile = &profiles["profiles"][0];
    assert_eq!((&profile["env"], &profile["version"]), (&"prod".into(), &"3.1.0".into()), "{profiles:#}");
    assert_eq!(profile["language"], "java");
    assert_described(&server, &profiles);
}

#[test]
fn java_is_profiled_by_the_recorder_of_the_jdk_alone() {
    let _turn = crate::turns::of_one();
    let Some(jars) = jars("java_is_profiled_by_the_recorder_of_the_jdk_alone") else { return };
    let server = Server::start(&[]);
    let variables = [
        ("DD_SERVICE", "tickets"),
        ("DD_PROFILING_DDPROF_ENABLED", "false"),
        ("DD_TRACE_AGENT_URL", server.intake.as_str()),
    ];
    run(&jars, &variables);
    assert_hot(&server, "tickets", HOT, "GET /seats");
    for (value_type, function) in SHOWN {
        assert!(total_of(&server, value_type, function) > 0, "{value_type} of {function}");
    }
    assert!(total(&server, "wait-time") > 0, "threads of pools wait for work");
}

/// Runs the service with the command line of the instructions, in a folder that has both jars.
fn run(jars: &Path, variables: &[(&str, &str)]) {
    // A JVM that is started with interrupts ignored, as by a shell in the background, does not end by one.
    let mut shell = Command::new("env");
    shell.current_dir(jars).args([
        "--default-signal=INT",
        "sh",
        "-c",
        "exec java -javaagent:dd-java-agent.jar -Ddd.profiling.enabled=true -XX:FlightRecorderOptions=stackdepth=256 \
         -jar tickets.jar",
    ]);
    // A minute is long for a test, and so are the ten seconds before the first profile begins.
    let short = [("DD_PROFILING_UPLOAD_PERIOD", "5"), ("DD_PROFILING_START_DELAY", "1")];
    let variables: Vec<_> = variables.iter().chain(&short).copied().collect();
    let log = Client::start(&mut shell, &variables).answer_and_stop(REQUESTS);
    // The JVM warns of what agents do to it; only what the agent has to say of itself counts.
    let complaints: Vec<&str> = log
        .lines()
        .filter(|line| {
            line.contains("[dd.trace") && [" WARN ", " ERROR "].iter().any(|level| line.contains(level))
        })
        .collect();
    assert!(complaints.is_empty(), "the agent logs:\n{}", complaints.join("\n"));
}

/// Every profile says what it ran on; the last may have been cut short by the end of the process.
#[track_caller]
fn assert_described(server: &Server, profiles: &Value) {
    let ids = profiles["profiles"].as_array().unwrap().iter().map(|profile| profile["id"].as_str().unwrap());
    let details: Vec<Value> = ids.map(|id| server.get(&format!("/api/v1/profiles/{id}"))).collect();
    let has = |wanted: &dyn Fn(&Value) -> bool| details.iter().any(wanted);
    assert!(has(&|profile| profile["info"]["runtime"]["name"].is_string()), "{details:#?}");
    assert!(
        has(&|profile| profile["info"]["flags"]["FlightRecorderOptions"] == "stackdepth=256"),
        "{details:#?}"
    );
    assert!(has(&|profile| profile["metrics"]["jvm_heap_used_bytes"].as_f64() > Some(0.0)), "{details:#?}");
    assert!(has(&|profile| profile["endpoint_counts"]["GET /buy"].as_i64() > Some(0)), "{details:#?}");
    assert!(details.iter().all(|profile| profile["problems"] == serde_json::json!([])), "{details:#?}");
}

/// Fails unless this function of the service's own has most of a value type.
#[track_caller]
fn assert_most(server: &Server, value_type: &str, function: &str) {
    let top = top(server, value_type);
    let functions = top["functions"].as_array().unwrap();
    let own = |entry: &&Value| entry["file"].as_str().is_some_and(|file| file.ends_with("Tickets.java"));
    let most = functions.iter().filter(own).max_by_key(|entry| entry["self"].as_i64());
    assert_eq!(most.unwrap()["name"], function, "{value_type}: {top:#}");
}

fn total(server: &Server, value_type: &str) -> i64 {
    top(server, value_type)["total"].as_i64().unwrap()
}

/// What a function has of a value type, with all that it called.
fn total_of(server: &Server, value_type: &str, function: &str) -> i64 {
    let top = top(server, value_type);
    let functions = top["functions"].as_array().unwrap();
    let found = functions.iter().find(|entry| entry["name"] == function);
    found.map_or(0, |entry| entry["total"].as_i64().unwrap())
}

fn top(server: &Server, value_type: &str) -> Value {
    let query = ["--query", "service:tickets", "--type", value_type, "--last", "1h", "--limit", "10000"];
    server.json(&[&["top", "--json"][..], &query].concat())
}

/// The folder with the agent and the service.
fn jars(test: &str) -> Option<PathBuf> {
    let jars = std::env::var_os("VESTA_TEST_JAVA").map(PathBuf::from);
    if jars.is_none() {
        skip(
            test,
            "VESTA_TEST_JAVA does not name a folder with Datadog's agent; `cargo xtask test` makes one",
        );
    }
    jars
}
