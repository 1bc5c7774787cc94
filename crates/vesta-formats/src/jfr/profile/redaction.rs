//! Settings without their secrets.
//!
//! Recordings hold command lines, system properties and flags, and people put passwords there. What is named like a secret,
//! or looks like one, is taken out before anything shows it. The recording itself is kept as it came.

use std::borrow::Cow;

/// What stands for a secret.
const REDACTED: &str = "<redacted>";

/// Words that names of secrets have in them, compared without case, dots, dashes and underscores.
const SECRET: [&str; 16] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "appkey",
    "accesskey",
    "privatekey",
    "encryptionkey",
    "signingkey",
    "credential",
    "authorization",
    "cookie",
    "jwt",
];

/// Names that have such a word in them, but no secret.
const HARMLESS: [&str; 3] = ["passwordfile", "tokenizer", "maxtoken"];

/// Whether what has this name must not be shown.
pub(super) fn is_secret(name: &str) -> bool {
    let plain: String =
        name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    SECRET.iter().any(|word| plain.contains(word)) && !HARMLESS.iter().any(|word| plain.contains(word))
}

/// The value of a setting.
pub(super) fn value<'a>(name: &str, text: &'a str) -> Cow<'a, str> {
    if is_secret(name) && !text.is_empty() && !matches!(text, "true" | "false") {
        return Cow::Borrowed(REDACTED);
    }
    line(text)
}

/// A command line, a URL or other text: `name=value` of secrets, what follows an option that is named like one, passwords
/// in URLs, and what looks like a key of itself.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    // Whether the next word is the value of something that is named like a secret.
    let mut is_expected = false;
    while let Some(first) = rest.chars().next() {
        let (separators, after) = rest.split_at(if is_separator(first) { first.len_utf8() } else { 0 });
        shown.push_str(separators);
        if is_expected && matches!(first, '"' | '\'') {
            let (_, after) = after.split_once(first).unwrap_or((after, ""));
            shown.push_str(REDACTED);
            shown.push(first);
            (rest, is_expected) = (after, false);
            continue;
        }
        let (word, after) = after.split_at(after.find(is_separator).unwrap_or(after.len()));
        rest = after;
        if word.is_empty() {
            continue;
        }
        let is_option = word.starts_with('-');
        let is_scheme = ["bearer", "basic"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        if is_expected && !is_option {
            shown.push_str(if is_scheme { word } else { REDACTED });
            is_expected = is_scheme;
            continue;
        }
        shown.push_str(&shown_word(word));
        let name = word.trim_end_matches(['=', ':']);
        let is_open = name.len() < word.len() || is_option || is_scheme;
        is_expected = is_scheme || (is_open && !name.contains(['=', ':']) && is_secret(name));
    }
    if shown == text { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, ',' | ';' | '&' | '"' | '\'' | '?')
}

fn shown_word(word: &str) -> Cow<'_, str> {
    if is_key(word) {
        return Cow::Borrowed(REDACTED);
    }
    let mut start = 0;
    for (at, _) in word.match_indices('=') {
        let (name, value) = (&word[start..at], &word[at + 1..]);
        let is_shown = matches!(value, "" | "true" | "false");
        if !is_shown && (is_secret(name) || is_key(value)) {
            return Cow::Owned(format!("{name}={REDACTED}", name = &word[..at]));
        }
        start = at + 1;
    }
    match word.split_once(':') {
        Some((name, value)) if is_secret(name) && !value.is_empty() && !value.starts_with("//") => {
            Cow::Owned(format!("{name}:{REDACTED}"))
        }
        _ => without_password(word),
    }
}

/// `https://user:<redacted>@host` of a URL that has a password.
fn without_password(word: &str) -> Cow<'_, str> {
    let Some(start) = word.find("://").map(|at| at + 3) else { return Cow::Borrowed(word) };
    let authority = &word[start..];
    let authority = &authority[..authority.find('/').unwrap_or(authority.len())];
    let Some(at) = authority.rfind('@') else { return Cow::Borrowed(word) };
    match authority[..at].find(':') {
        Some(colon) => Cow::Owned(format!("{}{REDACTED}{}", &word[..start + colon + 1], &word[start + at..])),
        None => Cow::Borrowed(word),
    }
}

/// Keys that services hand out, by the letters that all of them begin with.
fn is_key(word: &str) -> bool {
    let starts =
        ["AKIA", "ASIA", "eyJ", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk-", "sk_live_"];
    word.len() >= 16 && starts.iter().any(|start| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::{is_secret, line, value};

    #[test]
    fn what_is_named_like_a_secret_is_not_shown() {
        assert_eq!(value("javax.net.ssl.keyStorePassword", "changeit"), "<redacted>");
        assert_eq!(value("dd.api-key", "0123456789abcdef"), "<redacted>");
        assert_eq!(value("DB_PASSWD", "x"), "<redacted>");
        assert_eq!(value("dd.service", "tickets"), "tickets");
        assert_eq!(value("dd.trace.secure-random", "false"), "false");
        assert!(!is_secret("java.class.path") && !is_secret("user.dir") && !is_secret("tokenizer.size"));
    }

    #[test]
    fn command_lines_keep_their_words_but_not_their_secrets() {
        for (text, shown) in [
            ("-Xmx1g -Ddb.password=hunter2 -Da=b", "-Xmx1g -Ddb.password=<redacted> -Da=b"),
            ("app.jar --token abc --port 80", "app.jar --token <redacted> --port 80"),
            ("app.jar --token=abc", "app.jar --token=<redacted>"),
            ("-javaagent:a.jar=apiKey=k1,region=eu", "-javaagent:a.jar=apiKey=<redacted>,region=eu"),
            (
                "jdbc:mysql://db/shop?user=me&password=p%40ss&ssl=true",
                "jdbc:mysql://db/shop?user=me&password=<redacted>&ssl=true",
            ),
            ("-Dproxy=http://me:pa:ss@proxy:80/x", "-Dproxy=http://me:<redacted>@proxy:80/x"),
            ("http://host:80/path", "http://host:80/path"),
            ("-Dx=eyJhbGciOiJIUzI1NiJ9.e30.abc", "-Dx=<redacted>"),
            ("-Dauthorization=\"Bearer a b\" -Dc=d", "-Dauthorization=\"<redacted>\" -Dc=d"),
            ("Authorization: Bearer abc def", "Authorization: Bearer <redacted> def"),
            ("--password --verbose", "--password --verbose"),
            ("--password", "--password"),
        ] {
            assert_eq!(line(text), shown, "{text}");
        }
    }
}
