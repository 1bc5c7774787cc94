//! The other endpoints of an agent: quiet answers.

use crate::client::Request;
use crate::server::TestServer;
use serde_json::json;

#[test]
fn what_is_not_a_profile_is_dropped_with_the_answer_that_keeps_clients_quiet() {
    let server = TestServer::start();
    let traces = json!({ "rate_by_service": {} });
    for (method, path, status, answer) in [
        ("POST", "/v0.5/traces", 200, &traces),
        ("PUT", "/v0.4/traces", 200, &traces),
        ("PUT", "/tenant1/v0.4/traces", 200, &traces),
        ("POST", "/v0.7/config", 200, &json!({})),
        ("POST", "/telemetry/proxy/api/v2/apmtelemetry", 202, &json!({})),
        ("POST", "/dogstatsd/v2/proxy", 200, &json!({})),
        ("POST", "/v0.6/stats", 200, &json!({})),
        ("POST", "/evp_proxy/v4/api/v2/citestcycle", 200, &json!({})),
        ("POST", "/debugger/v1/input", 200, &json!({})),
        ("POST", "/symdb/v1/input", 200, &json!({})),
        ("POST", "/tracer_flare/v1", 200, &json!({})),
        ("POST", "/intake/pipelines", 200, &json!({})),
    ] {
        for target in [server.sdk(), server.socket()] {
            let request = Request { method: method.into(), ..Request::post(path, vec![7; 50_000]) };
            let response = target.send(&request.chunked());
            assert_eq!((response.status, &response.json()), (status, answer), "{method} {path}");
        }
    }
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("vesta_dropped_requests_total{endpoint=\"traces\"} 6"), "{metrics}");
    assert!(metrics.contains("vesta_dropped_request_bytes_total 1200000"), "{metrics}");
}

#[test]
fn info_offers_profiling_and_no_remote_configuration() {
    let server = TestServer::start();
    for target in [server.sdk(), server.api()] {
        let response = target.send(&Request::get("/info"));
        assert_eq!(response.status, 200);
        assert_eq!(response.json()["endpoints"], json!(["/profiling/v1/input", "/debugger/v2/input"]));
        assert_eq!(response.header("datadog-agent-state"), None);
    }
}

#[test]
fn an_unknown_path_of_the_intake_is_a_problem() {
    let server = TestServer::start();
    let response = server.sdk().send(&Request::post("/no/such/thing", "x"));
    assert_eq!(response.problem(404), "there is nothing at /no/such/thing");
}
