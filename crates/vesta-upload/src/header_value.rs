//! Header values with parameters: `form-data; name="event"; filename*=UTF-8''caf%C3%A9.json`.

/// A header value: the word before the first semicolon, and the parameters after it.
pub(crate) struct HeaderValue {
    /// The word before the first semicolon, in lower case.
    pub(crate) word: String,
    parameters: Vec<(String, String)>,
}

impl HeaderValue {
    /// Reads a value. Whatever does not look like a parameter is skipped.
    pub(crate) fn parse(text: &str) -> HeaderValue {
        let (word, mut rest) = text.split_once(';').unwrap_or((text, ""));
        let mut parameters = Vec::new();
        while !rest.is_empty() {
            rest = rest.trim_start_matches([' ', '\t', ';']);
            let end = rest.find(['=', ';']).unwrap_or(rest.len());
            let name = rest[..end].trim().to_ascii_lowercase();
            let Some(after) = rest[end..].strip_prefix('=') else {
                rest = &rest[end..];
                continue;
            };
            let (value, after) = value(after.trim_start_matches([' ', '\t']));
            rest = after;
            parameters.push((name, value));
        }
        HeaderValue { word: word.trim().to_ascii_lowercase(), parameters }
    }

    /// The value of the parameter of this name. The extended form (`name*`, RFC 5987) goes before the plain one, which
    /// is there for those who do not know it.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let extended = self.parameters.iter().find_map(|(key, value)| {
            (key.strip_suffix('*') == Some(name)).then(|| decode_extended(value)).flatten()
        });
        extended
            .or_else(|| self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
    }
}

/// A token or quoted string, and what follows it. In a quoted string a backslash protects quotes and backslashes
/// only: some clients send Windows paths without doubling theirs.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => match characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, protected)) => value.push(protected),
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    (value, "")
}

/// `charset'language'percent-encoded`, in UTF-8 or Latin 1.
fn decode_extended(text: &str) -> Option<String> {
    let mut fields = text.splitn(3, '\'');
    let (charset, _language, encoded) = (fields.next()?, fields.next()?, fields.next()?);
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    if charset.eq_ignore_ascii_case("utf-8") {
        String::from_utf8(bytes).ok()
    } else if charset.eq_ignore_ascii_case("iso-8859-1") {
        Some(bytes.into_iter().map(char::from).collect())
    } else {
        None
    }
}
