//! Who an upload is from.

use crate::event::{PERIOD, parse_with};
use crate::fixtures;
use vesta_upload::Identity;

#[track_caller]
fn check(family: &str, tags: &str, headers: &[(&str, &str)], expected: Identity) {
    let json = format!(r#"{{{PERIOD},"family":"{family}","tags_profiler":"{tags}"}}"#);
    let upload = parse_with(&json, headers).unwrap();
    let expected = Identity { family: family.to_owned(), ..expected };
    assert_eq!(upload.identity, expected);
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn captured_uploads_say_who_they_are_from() {
    let identity = |name: &str| fixtures::named(name).upload().identity;
    let brief = |name: &str| {
        let Identity { service, env, version, host, runtime, language, family, runtime_id } = identity(name);
        assert!(!runtime_id.is_empty(), "{name}");
        [service, env, version, host, runtime, language, family].join(" ")
    };
    assert_eq!(brief("python-01"), "my-web-app prod 1.0.3  CPython python python");
    assert_eq!(brief("node-v4-01"), "my-node-app prod 2.1.0 vm nodejs javascript node");
    assert_eq!(brief("node-v6-01"), "my-node-app prod 2.1.0  nodejs javascript node");
    assert_eq!(brief("go-02"), "my-go-app prod 3.2.1 vm go go go");
    assert_eq!(brief("java-synth-zstd-01"), "my-java-app prod 4.5.6 vm jvm java java");
}

#[test]
fn tags_go_before_headers() {
    check(
        "php",
        "service:a,env:prod,host:h,runtime-id:r",
        &[
            ("X-Datadog-Additional-Tags", "host:agent,default_env:staging,env:x"),
            ("Datadog-Container-ID", "c0ffee"),
        ],
        Identity {
            service: text("a"),
            env: text("prod"),
            host: text("h"),
            runtime_id: text("r"),
            language: text("php"),
            ..Identity::default()
        },
    );
}

#[test]
fn headers_fill_what_tags_do_not_say() {
    check(
        "native",
        "service:a",
        &[("x-datadog-additional-tags", "host:agent,default_env:staging,agent_version:7.60")],
        Identity {
            service: text("a"),
            env: text("staging"),
            host: text("agent"),
            language: text("native"),
            ..Identity::default()
        },
    );
    let container = Identity {
        service: text("a"),
        host: text("c0ffee"),
        language: text("ruby"),
        runtime: text("ruby"),
        ..Identity::default()
    };
    check("ruby", "service:a,language:ruby", &[("Datadog-Container-ID", "c0ffee")], container.clone());
    check("ruby", "service:a,language:ruby", &[("Datadog-Entity-ID", "ci-c0ffee")], container.clone());
    let without = Identity { host: String::new(), ..container };
    check("ruby", "service:a,language:ruby", &[("Datadog-Entity-ID", "in-1")], without);
}

#[test]
fn tags_of_headers_are_searchable() {
    let upload = parse_with(
        &format!(r#"{{{PERIOD},"tags_profiler":"service:a,team:x"}}"#),
        &[
            ("X-Datadog-Container-Tags", "kube_namespace:shop,pod_name:web-1"),
            ("X-Datadog-Additional-Tags", "functionname:resize_dd.origin:lambda"),
            ("Datadog-Container-ID", "c0ffee"),
        ],
    )
    .unwrap();
    assert_eq!(
        upload.tags.to_string(),
        "service:a,team:x,functionname:resize,_dd.origin:lambda,kube_namespace:shop,pod_name:web-1,container_id:c0ffee"
    );
    assert_eq!(upload.event.tags.to_string(), "service:a,team:x");
}

#[test]
fn a_missing_service_gets_a_name_that_says_so() {
    let service = |family: &str, tags: &str| {
        let json = format!(r#"{{{PERIOD},"family":"{family}","tags_profiler":"{tags}"}}"#);
        let upload = parse_with(&json, &[]).unwrap();
        assert_eq!(upload.problems.len(), 1, "{:?}", upload.problems);
        upload.identity.service
    };
    assert_eq!(service("python", "env:a"), "unnamed-python-service");
    assert_eq!(service("node", "service:"), "unnamed-javascript-service");
    assert_eq!(service("", "a:b"), "unnamed-service");
}

#[test]
fn an_unknown_family_goes_by_its_language_tag() {
    let language = |family: &str, tags: &str| {
        let json = format!(r#"{{{PERIOD},"family":"{family}","tags_profiler":"{tags}"}}"#);
        parse_with(&json, &[]).unwrap().identity.language
    };
    assert_eq!(language("java", "language:jvm"), "java");
    assert_eq!(language("", "language:jvm"), "java");
    assert_eq!(language("beam", "language:elixir"), "elixir");
    assert_eq!(language("beam", ""), "beam");
}

#[test]
fn secrets_are_not_kept() {
    let pairs = [
        ("Content-Type", "multipart/form-data; boundary=x"),
        ("DD-API-KEY", "0123456789abcdef"),
        ("Authorization", "Bearer vst_secret"),
        ("Cookie", "session=1"),
        ("DD-EVP-ORIGIN", "dd-trace-py"),
        ("User-Agent", "DDProf/1.0"),
    ];
    let headers = vesta_upload::Headers::from_pairs(pairs);
    assert_eq!(headers.content_type(), "multipart/form-data; boundary=x");
    assert_eq!(headers.get("Dd-Evp-Origin"), Some("dd-trace-py"));
    let names: Vec<&str> = headers.others().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["dd-evp-origin", "user-agent"]);
}
