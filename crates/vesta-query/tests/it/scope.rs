//! The search syntax.

use proptest::prelude::*;
use std::ops::Bound;
use vesta_query::scope::{Expr, Field, Pattern, Piece, parse};

/// What `input` means, as canonical text.
#[track_caller]
fn check(input: &str, expected: &str) {
    let expr = parse(input).unwrap_or_else(|error| panic!("{input}: {error}"));
    assert_eq!(expr.to_string(), expected, "{input} is {expr:?}");
    assert_eq!(parse(expected).as_ref(), Ok(&expr), "{expected} does not mean the same");
}

/// Where `input` goes wrong, and with which words.
#[track_caller]
fn check_error(input: &str, at: usize, message: &str) {
    let error = parse(input).expect_err(input);
    assert_eq!((error.at, error.message.as_str()), (at, message), "{input}");
    assert!(!error.hint.is_empty(), "{input}");
}

#[test]
fn terms_next_to_each_other_must_all_hold() {
    check("service:web env:prod", "service:web env:prod");
    check("service:web AND env:prod", "service:web env:prod");
    check("  service:web\tenv:prod  ", "service:web env:prod");
    check("", "*");
    check("*", "*");
    check("* service:web", "service:web");
    check("*:*", "*");
}

#[test]
fn and_binds_tighter_than_or() {
    check("a b OR c d", "(a b) OR (c d)");
    check("a AND (b OR c)", "a (b OR c)");
    check("((a))", "a");
    check("(a OR b) (c OR d)", "(a OR b) (c OR d)");
    check("a OR (b OR c)", "a OR b OR c");
}

#[test]
fn a_dash_or_not_negates_what_follows() {
    check("-version:1.0.*", "-version:1.0.*");
    check("NOT version:1", "-version:1");
    check("NOT -a", "a");
    check("-(a OR b)", "-(a OR b)");
    check("service:web-app", "service:web-app");
    check("env:(prod OR -dev)", "env:prod OR -env:dev");
}

#[test]
fn values_keep_their_colons_and_keys_lose_their_case() {
    check("Endpoint:http://a:80/b", "endpoint:http://a:80/b");
    check("container_image:repo/a:1.2", "container_image:repo/a:1.2");
    check("kube_namespace:Prod", "kube_namespace:Prod");
    check("git.commit.sha:0a1b", "git.commit.sha:0a1b");
}

#[test]
fn a_key_in_front_of_parentheses_goes_for_all_of_them() {
    check("service:(web OR api)", "service:web OR service:api");
    check("service:(web OR \"big db\") env:prod", "(service:web OR service:\"big db\") env:prod");
    check("@samples:(>1 <9)", "@samples:>1 @samples:<9");
}

#[test]
fn quotes_and_backslashes_take_text_literally() {
    check(r#"host:"a b""#, r#"host:"a b""#);
    check(r#""free text""#, r#""free text""#);
    check(r#"host:"a\"b\\c*""#, r#"host:"a\"b\\c*""#);
    check(r"host:a\ b", r#"host:"a b""#);
    check(r"host:a\*b*", r"host:a\*b*");
    check(r#""AND""#, r#""AND""#);
    check(r#"service:"AND""#, r#"service:"AND""#);
    check(r#"service:"""#, r#"service:"""#);
    check(r#""a:b""#, r#""a:b""#);
    check(r"\-a", r#""-a""#);
}

#[test]
fn stars_and_question_marks_are_wildcards() {
    check("host:*db*", "host:*db*");
    check("host:db?", "host:db?");
    check("host:a**b", "host:a*b");
    check("service:*", "service:*");
    check("_exists_:version", "version:*");
    check("_missing_:version", "-version:*");
    check("*:web", "web");
}

#[test]
fn measures_are_compared() {
    check("@cpu_cores:>1.5", "@cpu_cores:>1.5");
    check("@cpu_cores:>=1.5", "@cpu_cores:>=1.5");
    check("@cpu_cores:<2", "@cpu_cores:<2");
    check("@cpu_cores:<=2", "@cpu_cores:<=2");
    check("@cpu_cores:2", "@cpu_cores:2");
    check("@cpu_cores:[1 TO 2]", "@cpu_cores:[1 TO 2]");
    check("@cpu_cores:{1 TO 2]", "@cpu_cores:{1 TO 2]");
    check("@cpu_cores:[1 TO *]", "@cpu_cores:>=1");
    check("@cpu_cores:[* TO 2}", "@cpu_cores:<2");
    check("@cpu_cores:*", "@cpu_cores:*");
    check("@growth:(-1 OR -2)", "@growth:-1 OR @growth:-2");
    check("-@cpu_cores:>1", "-@cpu_cores:>1");
    check("(@cpu_cores:>1)", "@cpu_cores:>1");
    check("@alloc_bytes_per_second:>1MiB", "@alloc_bytes_per_second:>1048576");
    check("@duration:>=500ms", "@duration:>=0.5");
    check("@metrics.go_num_goroutine:>10", "@metrics.go_num_goroutine:>10");
}

#[test]
fn a_measure_with_text_is_a_tag() {
    check("@go_execution_traced:yes", "go_execution_traced:yes");
    check("@thing:\"5\"", "thing:5");
    check("@thing:inf", "thing:inf");
}

#[test]
fn errors_say_where_and_what_to_do() {
    check_error("service:web (", 13, "a term is missing here");
    check_error("service:web (a", 12, "this parenthesis is not closed");
    check_error("service:web )", 12, "there is no opening parenthesis for this one");
    check_error("()", 0, "there is nothing between the parentheses");
    check_error("service:", 0, "there is no value after `:`");
    check_error(":web", 0, "there is no key before `:`");
    check_error("a AND", 5, "a term is missing here");
    check_error("OR a", 0, "there is no term before OR");
    check_error("a OR OR b", 5, "there is no term before OR");
    check_error("- a", 0, "there is nothing after `-`");
    check_error("host:\"a", 5, "this quote is not closed");
    check_error("host:\"a\"b", 8, "a space is missing here");
    check_error("host:a\\", 6, "there is nothing after `\\`");
    check_error("version:>1", 8, "tags have no order that could be compared");
    check_error("@cpu_cores", 0, "a measure needs a comparison");
    check_error("@cpu_cores:>abc", 12, "`abc` is not a number");
    check_error("@cpu_cores:[1 2]", 11, "a range needs two ends");
    check_error("@cpu_cores:[1 TO", 11, "this range is not closed");
    check_error("@cpu_cores:[2 TO 1]", 11, "the range ends before it starts");
    check_error("@cpu_cores:[a TO 1]", 11, "`a` is not a number");
    check_error("ä:ö (", 5, "a term is missing here");
}

#[test]
fn hostile_queries_are_refused_with_bounded_work() {
    let nested = "(".repeat(10_000) + "a" + &")".repeat(10_000);
    check_error(&nested, 0, "the query is 20001 bytes long, 16384 are allowed");
    let nested = "(".repeat(8_000) + "a" + &")".repeat(8_000);
    check_error(&nested, 64, "the query is nested more than 64 levels deep");
    check_error(&"-".repeat(10_000), 64, "the query is nested more than 64 levels deep");
    check_error(&"NOT ".repeat(4_000), 256, "the query is nested more than 64 levels deep");
    check_error(&"a ".repeat(8_000), 2048, "the query has more than 1024 terms");
    check_error(&"a:(".repeat(5_000), 5, "a space is missing here");
    check_error(&("a:".to_owned() + &"(".repeat(5_000)), 66, "the query is nested more than 64 levels deep");
}

#[test]
fn patterns_match_from_start_to_end_whatever_the_case() {
    let matches = |pattern: &str, text: &str| match parse(&format!("key:{pattern}")) {
        Ok(Expr::Tag { pattern, .. }) => pattern.matches(text),
        other => panic!("{pattern} is {other:?}"),
    };
    assert!(matches("web", "Web"));
    assert!(!matches("web", "web1"));
    assert!(matches("*db*", "big-DB-1") && matches("*db*", "db") && !matches("*db*", "dx"));
    assert!(matches("db?", "db1") && matches("db?", "dbä") && !matches("db?", "db"));
    assert!(matches("a*b*c", "aXXbYYbZc") && !matches("a*b*c", "aXXbYY"));
    assert!(matches("*ab", "aab") && matches("?*", "x") && !matches("?*x", "x"));
    assert!(matches(r"a\*b*", "a*bc") && !matches(r"a\*b*", "axbc"));
    assert!(matches("*é?", "caféx") && !matches("é*", "e"));
}

#[test]
fn many_stars_do_not_take_forever() {
    let Ok(Expr::Tag { pattern, .. }) = parse(&format!("key:{}b", "a*".repeat(100))) else { panic!() };
    assert!(!pattern.matches(&"a".repeat(4_000)));
}

#[test]
fn bare_words_are_found_inside_of_values() {
    let found = |word: &str, text: &str| match parse(word) {
        Ok(Expr::Text(pattern)) => pattern.is_found_in(text),
        other => panic!("{word} is {other:?}"),
    };
    assert!(found("eb", "Web-1") && !found("eb", "api"));
    assert!(found("we*", "web") && !found("eb*", "web"));
}

#[test]
fn without_leaves_out_only_what_is_demanded_of_the_key() {
    let without = |query: &str, key: &str| parse(query).unwrap().without(key).to_string();
    assert_eq!(without("service:web env:prod", "service"), "env:prod");
    assert_eq!(without("service:(web OR api) env:prod", "service"), "env:prod");
    assert_eq!(without("service:web", "service"), "*");
    assert_eq!(without("-service:web env:prod", "service"), "-service:web env:prod");
    assert_eq!(without("service:web OR env:prod", "service"), "service:web OR env:prod");
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9_.:/-]{1,8}",
        "[ -~äö\u{3000}]{0,6}",
        Just("AND".to_owned()),
        Just("NOT".to_owned())
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z][a-z0-9_.-]{0,8}", "[!-~äö ]{1,5}"]
        .prop_map(|key| key.to_ascii_lowercase())
        .prop_filter("these have a meaning of their own", |key| {
            !["*", "_exists_", "_missing_"].contains(&key.as_str()) && !key.starts_with('@')
        })
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        word().prop_map(|text| Pattern::literal(&text)),
        prop::collection::vec(
            prop_oneof![word().prop_map(Piece::Text), Just(Piece::Any), Just(Piece::One)],
            1..5
        )
        .prop_map(Pattern::new),
    ]
    .prop_filter("a lone star is another term", |pattern| !pattern.is_any())
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![-1e6..1e6f64, (-1000i32..1000).prop_map(f64::from), Just(1e300), Just(1e-300)]
}

fn measure() -> impl Strategy<Value = Expr> {
    (key(), number(), number(), 0..8u8).prop_map(|(name, one, other, kind)| {
        let (from, to) = (one.min(other), one.max(other));
        let (low, high) = match kind {
            0 => (Bound::Included(from), Bound::Unbounded),
            1 => (Bound::Excluded(from), Bound::Unbounded),
            2 => (Bound::Unbounded, Bound::Included(to)),
            3 => (Bound::Unbounded, Bound::Excluded(to)),
            4 => (Bound::Included(from), Bound::Included(from)),
            5 => (Bound::Excluded(from), Bound::Excluded(to)),
            6 => (Bound::Included(from), Bound::Excluded(to)),
            _ => (Bound::Included(from), Bound::Included(to)),
        };
        Expr::Measure { name, low, high }
    })
}

fn expr() -> impl Strategy<Value = Expr> {
    let term = prop_oneof![
        (key(), pattern()).prop_map(|(key, pattern)| Expr::Tag { key, pattern }),
        key().prop_map(|key| Expr::Exists(Field::Tag(key))),
        key().prop_map(|name| Expr::Exists(Field::Measure(name))),
        measure(),
        pattern().prop_map(Expr::Text),
    ];
    term.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::and),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::or),
            inner.prop_map(Expr::negate),
        ]
    })
}

proptest! {
    #[test]
    fn the_canonical_text_means_the_same(expr in expr()) {
        let text = expr.to_string();
        prop_assert_eq!(parse(&text), Ok(expr), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[ -~äö]{0,60}") {
        if let Ok(expr) = parse(&text) {
            prop_assert_eq!(parse(&expr.to_string()), Ok(expr));
        }
    }
}
