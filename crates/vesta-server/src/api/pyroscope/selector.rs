//! Label selectors, as Prometheus writes them: `{service_name="shop", env=~"prod|stage"}`.

use crate::problem::Problem;

/// A selector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selector {
    /// What stands before the braces: a profile type, at times.
    pub(super) name: String,
    pub(super) matchers: Vec<Matcher>,
}

/// What a label must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matcher {
    pub(super) label: String,
    pub(super) operator: Operator,
    pub(super) value: String,
}

/// How a label is compared. Regular expressions match from start to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Matches,
    MatchesNot,
}

/// Bytes of a selector.
const LONGEST: usize = 64 << 10;
/// Matchers of a selector.
const MOST: usize = 200;

/// Reads a selector. Nothing at all is one that everything fits.
pub(super) fn parse(text: &str) -> Result<Selector, Problem> {
    let mut reader = Reader { text, at: 0 };
    reader.selector().map_err(|what| {
        let at = reader.at;
        Problem::bad_request(format!("the label selector cannot be read: {what} at byte {at}"))
            .hint("write it as in {service_name=\"shop\", env=~\"prod|stage\"}")
    })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn selector(&mut self) -> Result<Selector, &'static str> {
        if self.text.len() > LONGEST {
            return Err("it is too long");
        }
        self.skip_blanks();
        let length = self.rest().find('{').unwrap_or(self.rest().len());
        let name = self.rest()[..length].trim().to_owned();
        self.at += length;
        let mut matchers = Vec::new();
        if !self.take("{") {
            return Ok(Selector { name, matchers });
        }
        loop {
            self.skip_blanks();
            if self.take("}") {
                break;
            }
            if matchers.len() == MOST {
                return Err("there are too many matchers");
            }
            matchers.push(self.matcher()?);
            self.skip_blanks();
            if !self.take(",") && !self.rest().starts_with('}') {
                return Err("a comma or a closing brace is missing");
            }
        }
        self.skip_blanks();
        match self.rest().is_empty() {
            true => Ok(Selector { name, matchers }),
            false => Err("something comes after the closing brace"),
        }
    }

    fn matcher(&mut self) -> Result<Matcher, &'static str> {
        let label = match self.rest().starts_with(['"', '\'', '`']) {
            true => self.quoted()?,
            false => self.word(),
        };
        if label.is_empty() {
            return Err("a label is missing");
        }
        self.skip_blanks();
        let operators = [
            ("=~", Operator::Matches),
            ("!~", Operator::MatchesNot),
            ("!=", Operator::NotEqual),
            ("=", Operator::Equal),
        ];
        let operator = operators.into_iter().find(|(text, _)| self.take(text));
        let (_, operator) = operator.ok_or("one of = != =~ !~ is missing")?;
        self.skip_blanks();
        let value = self.quoted()?;
        Ok(Matcher { label, operator, value })
    }

    fn word(&mut self) -> String {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '-' | '/');
        let length = self.rest().find(|c| !is_part(c)).unwrap_or(self.rest().len());
        let word = self.rest()[..length].to_owned();
        self.at += length;
        word
    }

    fn quoted(&mut self) -> Result<String, &'static str> {
        let quote = self.rest().chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
        let quote = quote.ok_or("a value in quotes is missing")?;
        self.at += quote.len_utf8();
        let mut value = String::new();
        loop {
            let c = self.next().ok_or("a quote is not closed")?;
            match c {
                c if c == quote => return Ok(value),
                '\\' if quote != '`' => value.push(self.escaped()?),
                c => value.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, &'static str> {
        let unknown = "an escape is not known";
        let digits = match self.next().ok_or("a quote is not closed")? {
            'n' => return Ok('\n'),
            't' => return Ok('\t'),
            'r' => return Ok('\r'),
            'x' => 2,
            'u' => 4,
            c @ ('\\' | '"' | '\'') => return Ok(c),
            _ => return Err(unknown),
        };
        let code = self.rest().get(..digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        self.at += digits;
        code.and_then(char::from_u32).ok_or(unknown)
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Operator, parse};

    #[test]
    fn selectors_are_read() {
        for (text, name, matchers) in [
            ("", "", vec![]),
            (" {} ", "", vec![]),
            (
                "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
                "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
                vec![],
            ),
            ("a{b=\"c\"}", "a", vec![("b", Operator::Equal, "c")]),
            (
                "{ a = \"1\" , b!='2', c=~`x\\d+`,d!~\"y|\\\"z\\u00e9\\n\", }",
                "",
                vec![
                    ("a", Operator::Equal, "1"),
                    ("b", Operator::NotEqual, "2"),
                    ("c", Operator::Matches, "x\\d+"),
                    ("d", Operator::MatchesNot, "y|\"z\u{e9}\n"),
                ],
            ),
            ("{\"process.runtime.name\"=\"go\"}", "", vec![("process.runtime.name", Operator::Equal, "go")]),
        ] {
            let selector = parse(text).ok();
            let found = selector.as_ref().map(|selector| {
                let matchers = selector.matchers.iter();
                let of = matchers.map(|of| (of.label.as_str(), of.operator, of.value.as_str())).collect();
                (selector.name.as_str(), of)
            });
            assert_eq!(found, Some((name, matchers)), "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        let long = format!("{{a=\"{}\"}}", "x".repeat(100_000));
        let many = format!("{{{}}}", "a=\"\",".repeat(201));
        for text in [
            "{",
            "{a}",
            "{a=b}",
            "{a=\"b}",
            "{=\"b\"}",
            "{a=\"b\" c=\"d\"}",
            "{a=\"b\"} x",
            "{a=\"\\q\"}",
            &long,
            &many,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
